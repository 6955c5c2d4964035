#!/usr/bin/python3
# test_doctor.py - the doctor on a machine that is well, and on machines made wrong one by one
# SPDX-License-Identifier: MIT

import datetime
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from daemon import TERNCTL, Daemon
from name_server import NameServer

WRONG_MACHINE = os.path.abspath(sys.argv[4])
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.utcnow()


class Authority:
    """Signs; without an issuer, itself."""

    def __init__(self, name, issuer=None, key=None, **more):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.issuer = issuer or self
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.sign(**more)

    def sign(self, domain=None, begins=NOW - DAY, ends=NOW + 90 * DAY):
        builder = (x509.CertificateBuilder().subject_name(self.name)
                   .issuer_name(self.issuer.name).public_key(self.key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(begins).not_valid_after(ends)
                   .add_extension(x509.BasicConstraints(domain is None, None), critical=True))
        if domain:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        return builder.sign(self.issuer.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption())


ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Doctor(Daemon):
    def make_certificate(self, chain=(MIDDLE,), **more):
        leaf = Authority("leaf", MIDDLE, **{"domain": "example.org", **more})
        self.write_pair(leaf, chain)

    def write_pair(self, leaf, chain=()):
        for name, data in (("host.crt", leaf.pem() + b"".join(one.pem() for one in chain)),
                           ("host.key", leaf.key_pem()), ("root.crt", ROOT.pem())):
            with open(self.path(name), "wb") as file:
                file.write(data)
            os.chmod(self.path(name), 0o600)

    def setUp(self):
        self.port = free_port()
        super().setUp()
        self.names = NameServer({
            ("_xmpp-client._tcp.example.org", "SRV"): [(self.port, "chat.example.org")],
            ("chat.example.org", "A"): ["127.0.0.1"]})
        self.addCleanup(self.names.close)

    def write_config(self, *arguments, change=lambda text: text, **more):
        super().write_config(*arguments, port=self.port, change=lambda text: change(
            text.replace('listen "none"', 'listen "client"').replace('{"127.0.0.1"}', '{"*"}')
            .replace('tls = "none"', 'tls = "starttls"')), **more)

    def see_doctor(self, *more, **environment):
        """{(level, subject, finding)}."""
        done = subprocess.run(
            [TERNCTL, "--json", "-c", self.path("tern.conf"), "doctor", "--resolver",
             self.names.address, "--ca", self.path("root.crt"), *more],
            capture_output=True, text=True, timeout=60,
            env={**os.environ, "LD_PRELOAD": WRONG_MACHINE, "ASAN_OPTIONS":
                 os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
                 **environment})
        self.assertEqual(done.stderr, "")
        rows = json.loads(done.stdout)["rows"]
        self.assertEqual(done.returncode, int(any(row[0] == "fault" for row in rows)))
        for level, _, text, advice in rows:
            self.assertTrue(level == "good" or advice, text)
        return rows

    def finds(self, level, subject, text, **environment):
        """Exactly one thing is wrong."""
        rows = self.see_doctor(**environment)
        self.assertEqual(len(rows), 1, rows)
        self.assertEqual(rows[0][:2], [level, subject])
        self.assertIn(text, rows[0][2])

    # --- a machine that is well

    def test_a_machine_that_is_well(self):
        self.start()
        self.assertEqual(self.see_doctor(), [])
        good = {row[1] for row in self.see_doctor("--all")}
        self.assertLessEqual({"ternd", "clock", "disk", "data", "open files",
                              "certificate of example.org", "key of example.org",
                              "name example.org", f'port {self.port} (listen "client")'}, good)

    def test_it_speaks_in_words(self):
        done = self.ctl("doctor", "--resolver", self.names.address)
        self.assertIn("FAULT  ternd: it does not run", done.stdout)
        self.assertIn("       -> Start it: systemctl start ternd.", done.stdout)
        self.assertRegex(done.stdout, r"\d+ things were looked at: \d+ faults, \d+ doubts\n$")

    # --- the server and its limits

    def test_a_server_that_does_not_run(self):
        self.finds("fault", "ternd", "it does not run")

    def test_a_server_that_may_open_few_files(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.start()
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (1024, min(4096, hard)))
        self.finds("fault", "open files", "the server may open 1024")

    def test_a_server_whose_files_may_not_grow(self):
        self.start()
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
        self.finds("fault", "file size", "may not grow")

    # --- the clock

    def test_a_clock_that_nobody_keeps(self):
        self.start()
        self.finds("doubt", "clock", "nobody keeps it", MACHINE_UNSYNC="1")

    def test_a_clock_in_the_past(self):
        self.start()
        rows = self.see_doctor(MACHINE_SHIFT_S=str(-20 * 365 * 86400))
        texts = [row[2] for row in rows if row[1] == "clock"]
        self.assertEqual(len(texts), 2)
        self.assertIn("the clock has been set back", texts[0])
        self.assertIn("it stands in the past", texts[1])

    def test_a_clock_that_was_set_back_an_hour(self):
        self.start()
        self.finds("fault", "clock", "the clock has been set back", MACHINE_SHIFT_S="-3600")

    # --- the disk

    def test_a_disk_that_is_nearly_full(self):
        self.start()
        self.finds("fault", "disk", "100 MiB are left", MACHINE_FREE_MIB="100")
        self.finds("doubt", "disk", "500 MiB are left", MACHINE_FREE_MIB="500")

    def test_a_disk_that_is_read_only(self):
        self.start()
        self.finds("fault", "disk", "its file system is read-only", MACHINE_READONLY="1")

    def test_data_on_a_network(self):
        self.start()
        self.finds("fault", "data", "is on NFS", MACHINE_MAGIC="0x6969")

    # --- permissions

    def test_data_that_all_may_enter(self):
        self.start()
        os.chmod(self.path("data"), 0o755)
        self.finds("fault", "data", "everybody on this machine may enter")

    def test_a_key_that_all_may_read(self):
        self.start()
        os.chmod(self.path("host.key"), 0o644)
        self.finds("fault", "key of example.org", "everybody on this machine may read")

    def test_a_user_that_does_not_exist(self):
        self.start()
        self.write_config(change=lambda text: text.replace('user = ""', 'user = "no-such-user"'))
        self.finds("fault", "user", "there is no such user")

    @unittest.skipIf(os.geteuid(), "only root can give files away")
    def test_files_that_the_servers_user_may_not_use(self):
        self.start()
        self.write_config(change=lambda text: text.replace('user = ""', 'user = "nobody"'))
        rows = self.see_doctor()
        self.assertEqual([row[:2] for row in rows],
                         [["fault", "data"], ["doubt", "key of example.org"]])
        self.assertIn("may not write to", rows[0][2])
        self.assertIn("chown -R nobody", rows[0][3])

    def serve_as_nobody(self):
        """Whom the data folder belongs to."""
        self.start()
        shutil.chown(self.path("data"), "nobody")
        self.write_config(change=lambda text: text.replace('user = ""', 'user = "nobody"'))

    @unittest.skipIf(os.geteuid(), "only root can give files away")
    def test_data_that_root_has_copied(self):
        self.serve_as_nobody()
        rows = [row for row in self.see_doctor() if row[1] == "data"]
        self.assertEqual(len(rows), 1)
        self.assertEqual(rows[0][0], "fault")
        self.assertRegex(rows[0][2], "the user `nobody` may not write to .*/data/")
        self.assertIn("chown -R nobody", rows[0][3])

    @unittest.skipIf(os.geteuid(), "only root can give files away")
    def test_a_key_in_a_folder_that_the_servers_user_may_not_enter(self):
        self.serve_as_nobody()
        shutil.chown(self.path("host.key"), "nobody")
        rows = [row for row in self.see_doctor() if row[1] == "key of example.org"]
        self.assertEqual(len(rows), 1)
        self.assertIn(f"the user `nobody` may not enter {self.folder}", rows[0][2])
        os.chmod(self.folder, 0o711)
        self.assertNotIn("key of example.org", [row[1] for row in self.see_doctor()])

    def test_a_folder_that_is_missing(self):
        self.start()
        self.write_config(change=lambda text: text.replace(
            'format = "json"', 'target = "/no/such/folder/log"'))
        self.finds("fault", "log", "/no/such/folder: No such file or directory")

    # --- certificates

    def test_a_certificate_that_names_another(self):
        self.make_certificate(domain="example.net")
        self.start()
        self.finds("fault", "certificate of example.org", "it names example.net, and not")

    def test_a_certificate_that_has_ended_or_will_soon(self):
        self.make_certificate(begins=NOW - 9 * DAY, ends=NOW - 2 * DAY)
        self.start()
        self.finds("fault", "certificate of example.org", "it ended on")
        self.make_certificate(ends=NOW + 5 * DAY)
        self.finds("doubt", "certificate of example.org", "it ends on")

    def test_a_certificate_that_is_not_valid_yet(self):
        self.make_certificate(begins=NOW + 2 * DAY)
        self.start()
        self.finds("fault", "certificate of example.org", "it is valid from")

    def test_a_certificate_without_its_chain(self):
        self.make_certificate(chain=())
        self.start()
        self.finds("fault", "certificate of example.org", "are missing from the file")

    def test_a_chain_that_leads_nowhere(self):
        stranger = Authority("stranger", Authority("unknown"))
        self.write_pair(Authority("leaf", stranger, domain="example.org"), [stranger])
        self.start()
        self.finds("fault", "certificate of example.org", "its chain ends before")

    def test_a_certificate_that_vouches_for_itself(self):
        self.write_pair(Authority("leaf", domain="example.org"))
        self.start()
        self.finds("doubt", "certificate of example.org", "it is signed by itself")

    def test_a_key_that_is_weak(self):
        self.make_certificate(key=rsa.generate_private_key(65537, 1024))
        self.start()
        rows = self.see_doctor()
        self.assertIn("its RSA key has 1024 bits: clients refuse it", [row[2] for row in rows])

    # --- ports

    def test_a_port_that_another_has(self):
        with socket.socket() as other:
            other.bind(("0.0.0.0", self.port))
            other.listen()
            rows = self.see_doctor()
        texts = {row[1]: row[2] for row in rows}
        self.assertIn(f"(process {os.getpid()}) has it already",
                      texts[f'port {self.port} (listen "client")'])

    def test_a_port_that_was_added_and_does_not_answer_yet(self):
        self.start()
        port = free_port()
        self.write_config(change=lambda text: text +
                          f'listen "more" {{ port = {port} tls = "starttls" }}\n')
        self.finds("fault", f'port {port} (listen "more")', "nobody answers")

    def test_an_address_of_another_machine(self):
        self.write_config(change=lambda text: text.replace('{"*"}', '{"192.0.2.1"}'))
        rows = self.see_doctor()
        self.assertIn("192.0.2.1 is no address of this machine", [row[2] for row in rows])

    # --- names

    def change_names(self, *records):
        self.names.records = dict(records)

    def test_a_name_without_records(self):
        self.start()
        self.change_names()
        self.finds("fault", "name example.org", "DNS has neither SRV records nor an address")

    def test_a_name_whose_address_is_tried_at_the_wrong_port(self):
        self.start()
        self.change_names((("example.org", "A"), ["127.0.0.1"]))
        self.finds("fault", "name example.org", "clients try port 5222")

    def test_a_record_that_names_a_port_where_nobody_listens(self):
        self.start()
        self.names.records["_xmpp-client._tcp.example.org", "SRV"] = [(1, "chat.example.org")]
        self.finds("fault", "name example.org", "names port 1, where the server does not listen")

    def test_a_record_that_leads_to_no_address(self):
        self.start()
        del self.names.records["chat.example.org", "A"]
        self.finds("fault", "name example.org", "leads to chat.example.org, which has no address")

    def test_a_record_that_refuses(self):
        self.start()
        self.names.records["_xmpp-client._tcp.example.org", "SRV"] = [(0, ".")]
        self.finds("fault", "name example.org", "says that there is no such service")

    def test_a_name_server_that_does_not_answer(self):
        self.start()
        self.names.is_broken = True
        self.finds("doubt", "name example.org", "DNS gives no answer")

    def refuses(self, words, *arguments):
        done = self.ctl("doctor", *arguments)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(words, done.stderr)

    def test_a_name_server_that_cannot_be_asked(self):
        for text in ("dns.example", "::1", "9.9.9.9:", "9.9.9.9:x", "9.9.9.9:70000", "9.9.9", ""):
            self.refuses("--resolver wants" if text else "empty", "--resolver", text)

    def test_authorities_that_are_none(self):
        for name in ("no-such-file", "tern.conf"):
            self.refuses("--ca: there is no certificate in", "--ca", self.path(name))

    # --- configuration

    def test_a_configuration_that_is_not_there(self):
        os.unlink(self.path("tern.conf"))
        rows = self.see_doctor()
        self.assertIn("with -c, or make it", rows[0][3])

    def test_a_configuration_that_cannot_be_read(self):
        self.write_config(change=lambda text: text.replace("shards", "shard"))
        self.finds("fault", "configuration", "unknown key `shard`")

    def contradicts(self, level, subject, text, old, new):
        self.start()
        self.write_config(change=lambda config: config.replace(old, new))
        self.finds(level, subject, text)

    def test_a_port_without_encryption(self):
        self.start()
        self.write_config(change=lambda text: text +
                          f'listen "bare" {{ port = {self.port} tls = "none" }}\n')
        rows = self.see_doctor()
        self.assertEqual([row[:2] for row in rows], [["fault", 'listen "bare"']] * 2)
        self.assertIn("passwords travel in the clear", rows[0][2])
        self.assertIn(f"wants port {self.port}, as", rows[1][2])

    def test_a_host_that_nobody_can_log_in_to(self):
        self.contradicts("fault", "host example.org", "EXTERNAL alone", 'host.key"\n',
                         'host.key"\n    sasl = {"EXTERNAL"}\n')

    def test_a_host_with_channel_binding_alone(self):
        self.contradicts("doubt", "host example.org", "with channel binding alone",
                         'host.key"\n', 'host.key"\n    sasl = {"SCRAM-SHA-256-PLUS"}\n')

    def test_strangers_beside_users(self):
        self.contradicts("doubt", "host example.org", "strangers may log in", 'host.key"\n',
                         'host.key"\n    anonymous = yes\n')

    def test_a_module_without_the_one_it_wants(self):
        self.contradicts("doubt", "host example.org", "`presence` and not `roster`",
                         'host.key"\n',
                         'host.key"\n    modules = {"presence", "message"}\n')

    def test_limits_that_contradict_each_other(self):
        self.contradicts("doubt", "limits", "`detached-sessions` is above", "shards = 2",
                         "shards = 2\nlimits { resources-per-account = 2 }")

    def test_limits_below_what_a_device_is_given_at_once(self):
        self.contradicts("doubt", "limits", "may lose the session that is given them", "shards = 2",
                         "shards = 2\nlimits { unacked-stanzas = 1000 }")

    def test_durability_that_forgets(self):
        self.contradicts("doubt", "durability", "are lost in a power cut", "shards = 2",
                         'shards = 2\ndurability = "relaxed"')


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
