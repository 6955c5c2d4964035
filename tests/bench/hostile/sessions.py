# sessions.py - what is done to the server by those who have logged in
# SPDX-License-Identifier: MIT
"""Each function is one bout, and checks what the server answers."""

import contextlib
import time

from .peer import BIND, Wrong, auth
from .strangers import LAUGHS, SLACK_S

STREAM = "http://etherx.jabber.org/streams"
ACKS = "urn:xmpp:sm:3"


def flood(ground):
    """who sends without end is slowed down, and stays"""
    stanza = (f"<message to='nobody@{ground.domain}' type='headline'><body>{'x' * 100}</body>"
              "</message>").encode()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(ground.peer()).log_in(n) for n in range(ground.flooders)]
        until = time.monotonic() + 2
        while time.monotonic() < until:
            for peer in peers:
                peer.say_some(stanza * 200)
        for peer in peers:
            peer.must_be_open()


def never_read(ground):
    """who never reads what he asks for is cut off in time, and his session ends"""
    ask = "<iq type='get' id='x'><query xmlns='jabber:iq:roster'/></iq>" * 200
    with ground.peer(small=True).log_in(1, "deaf") as deaf, ground.peer().log_in(2) as friend:
        big = f"<message to='{deaf.jid}' type='headline'><body>{'x' * 60000}</body></message>"
        until = time.monotonic() + ground.limits["write-timeout"] + SLACK_S
        deaf.say_some(ask.encode())
        while "<service-unavailable" not in friend.heard:
            if time.monotonic() > until:
                raise Wrong("who does not read is still there")
            friend.say(big + f"<iq type='get' id='p' to='{deaf.jid}'><x xmlns='urn:x'/></iq>")
            time.sleep(0.2)
            friend.hear_some()
        friend.must_live()


def bombs(ground):
    """entities, depth, attributes, length and broken XML end the stream"""
    for words, condition in (
            (LAUGHS, "restricted-xml|not-well-formed"),
            ("<message><body>&lol9;</body></message>", "restricted-xml|not-well-formed"),
            ("<message>" + "<a>" * 5000, "policy-violation"),
            ("<message " + " ".join(f"a{n}=''" for n in range(2000)) + "/>", "policy-violation"),
            ("<message><body>" + "x" * 300000, "policy-violation"),
            ("<message id='" + "x" * 300000, "policy-violation"),
            ("<" + "x" * 300000, "policy-violation"),
            ("<message></presence>", "not-well-formed"),
            ("<message><body>\x00</body></message>", "not-well-formed"),
            (f"<stream:stream xmlns:stream='{STREAM}'></stream:stream>",
             "unsupported-stanza-type|bad-format|invalid-xml"),
            (auth("PLAIN", ""), "unsupported-stanza-type|not-authorized"),
            ("<unknown/>", "unsupported-stanza-type")):
        with ground.peer().log_in(0) as peer:
            peer.say(words)
            peer.must_end_with(condition)


def names(ground):
    """a hundred thousand names that nobody knows pass, and are forgotten"""
    with ground.peer().log_in(3) as peer:
        for first in range(0, 100000, 5000):
            peer.say(f"<message to='nobody@{ground.domain}' type='headline'>" + "".join(
                f"<n{number}/>" for number in range(first, first + 5000)) + "</message>")
        peer.must_live()


def truncated(ground):
    """stanzas that break off are nobody's"""
    for words in ("<message to='", "<message to='u1'><body>x", "<iq type='set' id='1'><query "):
        with ground.peer().log_in(0) as peer:
            peer.say(words)
            peer.reset()
        with ground.peer().log_in(0) as peer:
            peer.say(words)
            peer.shut()
            peer.must_end_within(SLACK_S)


def bound_again(ground):
    """a stream binds once, and nothing comes of trying more"""
    with ground.peer().log_in(0) as peer:
        for _ in range(20):
            peer.say(BIND.format("<resource>other</resource>"))
            peer.hear("type='error'.*?</iq>")
        peer.must_live()


def odd_resources(ground):
    """resources that are none cannot be bound; the stream goes on"""
    with ground.peer() as peer:
        peer.prove(0)
        for resource in ("<resource/>", f"<resource>{'r' * 1024}</resource>",
                         f"<resource>{'é' * 600}</resource>", "<resource>a&#x9;b</resource>",
                         "<resource>\u202e\u0085</resource>", "<resource>\ufdd0</resource>"):
            peer.say(BIND.format(resource))
            peer.hear("<bad-request.*?</iq>")
        peer.say(BIND.format("<resource>ok</resource>"))
        peer.hear("</bind></iq>")


def forged(ground):
    """false senders end the stream, addresses that are none are told"""
    for sender in (ground.bare(1), ground.domain, "@", "x" * 2000):
        with ground.peer().log_in(0) as peer:
            peer.say(f"<message from='{sender}' to='{ground.bare(2)}'/>")
            peer.must_end_with("invalid-from")
    with ground.peer().log_in(0) as peer:
        for to in ("@@", "a@", "@b", "/", "a@b/" + "r" * 1024, "x" * 3000 + "@b"):
            peer.say(f"<iq type='get' id='m' to='{to}'><query xmlns='jabber:iq:roster'/></iq>")
            peer.hear("<jid-malformed.*?</iq>")
        peer.must_live()


def answers(ground):
    """answers that nobody asked for, and ids of any kind, do nothing"""
    with ground.peer().log_in(0) as peer:
        for number in range(300):
            peer.say(f"<iq type='{'result' if number % 2 else 'error'}' id='{number}' "
                     f"to='{ground.domain if number % 3 else ground.bare(1)}'/>")
        for odd in ("", "x" * 60000, "&lt;&#x1F600;&quot;"):
            peer.say(f"<iq type='get' id='{odd}'><query xmlns='urn:x'/></iq>")
            peer.hear("type='error'.*?</iq>")
        peer.must_live()


def resumed(ground):
    """nobody resumes what is another's, or counts what was not said"""
    with ground.peer().log_in(0) as owner:
        owner.say(f"<enable xmlns='{ACKS}' resume='true'/>")
        token = owner.hear("<enabled[^>]*>").split(" id='")[1].split("'")[0]
        with ground.peer() as thief:
            thief.prove(1)
            for stolen in (token, "", "x" * 5000, token + "x"):
                thief.say(f"<resume xmlns='{ACKS}' previd='{stolen}' h='0'/>")
                thief.hear("<failed.*?</failed>")
        owner.say(f"<r xmlns='{ACKS}'/>" * 500)
        for _ in range(500):
            owner.hear(f"<a xmlns='{ACKS}'[^>]*>")
        owner.must_live()
        owner.say(f"<a xmlns='{ACKS}' h='4294967295'/>")     # the one before 0: an old one
        owner.must_live()
    for h in ("-1", "x", "4294967296", "99999999999999999999", "7"):
        with ground.peer().log_in(0) as peer:
            peer.say(f"<enable xmlns='{ACKS}'/><a xmlns='{ACKS}' h='{h}'/>")
            peer.must_end_with("undefined-condition|bad-format|invalid-xml|policy-violation")


def archives(ground):
    """pages that make no sense are refused, or small"""
    with ground.peer().log_in(0) as peer:
        for rsm in ("<max>99999999999999999999</max>", "<max>-1</max>", "<max>x</max>", "<max/>",
                    "<before>x</before>", "<after>99999999999999999999</after>",
                    "<index>-5</index>", "<before/><after/>", "<max>1</max>" * 50):
            peer.say("<iq type='set' id='a'><query xmlns='urn:xmpp:mam:2'>"
                     f"<set xmlns='http://jabber.org/protocol/rsm'>{rsm}</set></query></iq>")
            said = peer.hear("<iq [^>]*id='a'.*?</iq>")
            if said.count("<forwarded") > 250:
                raise Wrong("a page has no end")
        peer.must_live()


def large_things(ground):
    """what is kept of an account has an end"""
    picture = "QUJD" * 50000
    with ground.peer().log_in(4) as peer:
        for payload in (f"<vCard xmlns='vcard-temp'><PHOTO><BINVAL>{picture}</BINVAL></PHOTO></vCard>",
                        "<query xmlns='jabber:iq:private'>" + "".join(
                            f"<x xmlns='urn:{n}'/>" for n in range(200)) + "</query>",
                        "<block xmlns='urn:xmpp:blocking'>" + "".join(
                            f"<item jid='a{n}@b.example'/>" for n in range(1500)) + "</block>"):
            peer.say(f"<iq type='set' id='l'>{payload}</iq>")
            peer.hear("<iq [^>]*(id='l'[^>]*type='error'|type='error'[^>]*id='l').*?</iq>")
        peer.must_live()


def large_answers(ground):
    """who asks for the largest answers that there are, and reads them, does not stall others"""
    ask = ("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>"
           "<iq type='set' id='m'><query xmlns='urn:xmpp:mam:2'>"
           "<set xmlns='http://jabber.org/protocol/rsm'><max>250</max></set></query></iq>")
    with ground.peer().log_in(3) as peer:
        peer.say(f"<message to='{ground.bare(3)}/none' type='chat'><body>{'x' * 100000}</body>"
                 "</message>" * 5)
        peer.say("".join(
            "<iq type='set' id='r'><query xmlns='jabber:iq:roster'>"
            f"<item jid='c{number}@b.example' name='{'n' * 1000}'><group>{'g' * 1000}</group></item>"
            "</query></iq>" for number in range(300)))
        until = time.monotonic() + 3
        while time.monotonic() < until:
            peer.say(ask * 3)
            peer.must_live()


def toggles(ground):
    """switches are turned as often as anybody likes"""
    turn = ("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>"
            "<inactive xmlns='urn:xmpp:csi:0'/><presence/><active xmlns='urn:xmpp:csi:0'/>"
            "<iq type='set' id='c'><disable xmlns='urn:xmpp:carbons:2'/></iq>"
            "<presence type='unavailable'/>")
    with ground.peer().log_in(5) as peer:
        peer.say(turn * 100)
        peer.must_live()


def subscriptions(ground):
    """two that subscribe and unsubscribe for ever harm themselves alone"""
    with ground.peer().log_in(5) as one, ground.peer().log_in(6) as other:
        one.say("<presence/>")
        other.say("<presence/>")
        for peer, contact in ((one, 6), (other, 5)):
            peer.say("".join(f"<presence to='{ground.bare(contact)}' type='{kind}'/>" for kind in (
                "subscribe", "subscribed", "unsubscribe", "unsubscribed")) * 40)
        one.must_live()
        other.must_live()


def rosters(ground):
    """contacts beyond the limit are refused"""
    with ground.peer().log_in(6) as peer:
        for first in range(0, 2500, 50):
            peer.say("".join(
                "<iq type='set' id='r'><query xmlns='jabber:iq:roster'>"
                f"<item jid='c{number}@b.example' name='{'n' * 50}'/></query></iq>"
                for number in range(first, first + 50)))
        peer.hear("type='error'.*?</iq>")
        peer.must_live()


def presences(ground):
    """presence to whoever comes to mind has an end"""
    with ground.peer().log_in(7) as peer:
        peer.say("<presence/>" + "".join(
            f"<presence to='p{number}@elsewhere.example/r'/>" for number in range(700)))
        peer.must_live()
