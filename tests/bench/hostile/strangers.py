# strangers.py - what is done to the server by those who have not logged in
# SPDX-License-Identifier: MIT
"""Each function is one bout, and checks what the server answers."""

import base64
import contextlib
import os
import ssl
import time

from .peer import HEADER, STARTTLS, Wrong, auth, plain

SLACK_S = 30                # the besiegers get what processor time is left
LAUGHS = ("<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>" + "".join(
    f"<!ENTITY lol{n} '{f'&lol{n - 1 or str()};' * 10}'>" for n in range(1, 10)) + "]>")


def client_hello():
    """As OpenSSL begins."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(
        incoming, outgoing, server_hostname="bench.test")
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


def slow_handshakes(ground):
    """handshakes of a byte at a time are cut off in time"""
    hello = client_hello()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(ground.peer("direct")) for _ in range(50)]
        until = time.monotonic() + ground.limits["handshake-timeout"] + 1
        for at in range(len(hello) - 1):
            for peer in peers:
                peer.say(hello[at:at + 1])
            time.sleep(0.05)
            if time.monotonic() > until:
                break
        for peer in peers:
            peer.must_end_within(SLACK_S)


def unfinished_handshakes(ground):
    """a thousand hellos that nothing follows are cut off in time"""
    hello = client_hello()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(ground.peer("direct", source=f"127.0.66.{2 + n // 500}"))
                 for n in range(ground.crowd)]
        for number, peer in enumerate(peers):
            peer.say(hello[:len(hello) - number % 3 * 50])
        for peer in peers:
            peer.must_end_within(ground.limits["handshake-timeout"] + SLACK_S)


def false_records(ground):
    """bytes that are no TLS end the connection"""
    for data in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), b"\x16\x03\x01\xff\xff" + bytes(70000),
                 client_hello()[:60] + os.urandom(500)):
        with ground.peer("direct") as peer:
            peer.say(data)
            peer.must_end_within(ground.limits["handshake-timeout"] + SLACK_S)


def silent(ground):
    """who says nothing, or half a header, is sent away"""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(ground.peer()) for _ in range(100)]
        for peer in peers[::2]:
            peer.say("<stream:stream to='bench")
        for peer in peers:
            peer.must_end_within(ground.limits["negotiation-timeout"] + SLACK_S)


def half_closed(ground):
    """whoever closes his side is answered, and then closed"""
    for words in ("", ground.header()[:30], ground.header(), ground.header() + "<a"):
        with ground.peer() as peer:
            peer.say(words)
            peer.shut()
            peer.must_end_within(SLACK_S)


def passers_by(ground):
    """connections that are reset at once leave nothing"""
    for words in ("", ground.header(), "\x16\x03"):
        for _ in range(100):
            with ground.peer() as peer:
                peer.say(words)
                peer.reset()


def bombs(ground):
    """entities, depth, attributes and length are refused before login"""
    for words, condition in (
            (LAUGHS + ground.header(), "restricted-xml"),
            ("<?xml version='1.0'?><!DOCTYPE x SYSTEM 'file:///etc/passwd'>", "restricted-xml"),
            (ground.header() + "<a>" * 5000, "policy-violation|not-authorized|not-well-formed"),
            (ground.header() + "<a " + " ".join(f"a{n}=''" for n in range(2000)) + "/>",
             "policy-violation"),
            (ground.header()[:-1] + " a='" + "x" * 100000, "policy-violation"),
            (ground.header() + "<auth>" + "x" * 100000, "policy-violation"),
            (ground.header() + "<" + "x" * 100000, "policy-violation")):
        with ground.peer() as peer:
            peer.say(words)
            peer.must_end_with(condition)


def injected(ground):
    """what stands in the clear around <starttls/> is not taken for what is secured"""
    with ground.peer("starttls") as peer:
        peer.open()
        peer.say(STARTTLS + auth("PLAIN", plain("u0", ground.password)) + ground.header())
        peer.hear("<proceed[^>]*/>")
        peer.secure()
        if "<success" in peer.open():
            raise Wrong("what was said in the clear counted")
    with ground.peer("starttls") as peer:
        peer.open()
        peer.say(auth("PLAIN", plain("u0", ground.password)) + STARTTLS)
        peer.hear("<failure[^>]*><encryption-required/>|<stream:error><(policy-violation|"
                  "not-authorized)")


def headers(ground):
    """streams that begin at the wrong time, or for nobody, end with an error"""
    wrong = "invalid-xml|bad-format|unsupported-stanza-type|not-authorized|policy-violation"
    for words, condition in (
            (ground.header() * 2 + "</stream:stream>", wrong),
            (ground.header() * 2, "connection-timeout"),
            (ground.header() + "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>",
             "not-authorized"),
            (HEADER.format("elsewhere.example"), "host-unknown"),
            (HEADER.format(""), "host-unknown|improper-addressing"),
            ("<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>",
             "invalid-namespace|improper-addressing|unsupported-version")):
        with ground.peer() as peer:
            peer.say(words)
            peer.must_end_with(condition)


def sasl(ground):
    """messages out of form fail, of every mechanism, and are not endless"""
    def code(text):
        return base64.b64encode(text.encode()).decode()

    wrong = ["", "=", "====", "*", code("x"), code("\0\0"), code("\0u0"), code("n,,"),
             code("n,,n=u0"), code("n,,n=,r=x"), code("p=tls-unique,,n=u0,r=x"),
             code("n,a=u1@bench.test,n=u0,r=x"), code("n,,n=" + "u" * 4000 + ",r=x")]
    with ground.peer() as peer:
        mechanisms = [part.split("<")[0] for part in peer.open().split("<mechanism>")[1:]]
    for mechanism in [*mechanisms, "DIGEST-MD5", "x" * 500]:
        for content in wrong:
            with ground.peer() as peer:
                peer.open()
                peer.say(auth(mechanism, content))
                said = peer.hear("<challenge[^>]*/?>|</failure>")
                if "<challenge" in said:
                    peer.say(f"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{content}"
                             "</response>")
                    peer.hear("</failure>")
    with ground.peer() as peer:
        peer.open()
        peer.say(auth("PLAIN", "=*=") * 50)
        peer.must_end_with("policy-violation")


def guesses(ground):
    """who tries passwords has few of them, and waits"""
    with ground.peer(source="127.0.67.1") as peer:
        peer.open()
        peer.say(auth("PLAIN", plain("u7", "wrong")) * 4)
        peer.must_end_with("policy-violation|connection-timeout")
        if peer.heard.count("<not-authorized/></failure>") > 3 or "<success" in peer.heard:
            raise Wrong(peer.heard)


def pipelined(ground):
    """a login in one packet, and one a byte at a time, are logins like any other"""
    words = (ground.header() + auth("PLAIN", plain("u0", ground.password)) + ground.header() +
             "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    with ground.peer() as peer:
        peer.say(words)
        peer.hear("</bind></iq>")
    with ground.peer() as peer:
        for byte in words.encode():
            peer.say(bytes([byte]))
        peer.hear("</bind></iq>")
        peer.must_live()
