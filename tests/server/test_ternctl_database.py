#!/usr/bin/python3
# test_ternctl_database.py - backup, restore and check, as an administrator runs them
# SPDX-License-Identifier: MIT

import os
import sys
import threading
import unittest

from daemon import Daemon


class Database(Daemon):
    def add_accounts(self, names):
        for name in names:
            self.assertEqual(
                self.ctl("user", "add", f"{name}@example.org", "--password", "x").returncode, 0)

    def stop(self):
        self.ctl("stop")
        self.assertEqual(self.stopped()[1], 0)

    def backup(self, *more):
        done = self.ctl("backup", self.path("backup"), *more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def spoil(self, name, offset, data):
        with open(self.path(name), "r+b") as file:
            file.seek(offset)
            file.write(data)

    # --- backup and back

    def test_a_backup_is_what_was_there_and_nothing_later(self):
        self.start()
        self.add_accounts(["romeo", "juliet"])
        self.assertIn("0 faults", self.backup())
        self.add_accounts(["tybalt"])
        self.stop()
        os.rename(self.path("data"), self.path("lost"))
        done = self.ctl("restore", self.path("backup"), self.path("data"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.start()
        self.assertEqual(self.rows("user", "list", "example.org"),
                         [["juliet@example.org"], ["romeo@example.org"]])

    def test_a_backup_is_one_state_of_a_server_that_works(self):
        self.start()
        self.add_accounts(["romeo"])
        lines = "".join(f"user{number}@example.org x\n" for number in range(200))
        adding = threading.Thread(
            target=self.ctl, args=("user", "add", "--from", "-"), kwargs={"input": lines})
        adding.start()
        self.assertIn("0 faults", self.backup("--rate", "1"))
        adding.join()

    def test_a_backup_is_readable_for_its_owner_alone(self):
        self.start()
        self.backup()
        self.assertEqual(os.stat(self.path("backup")).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(self.path("backup/data.mdb")).st_mode & 0o777, 0o600)
        self.assertEqual(sorted(os.listdir(self.path("backup"))),
                         ["data.mdb", "data.mdb.sha256"])

    def test_a_backup_wants_an_empty_directory(self):
        self.start()
        self.backup()
        self.assertEqual(self.refused("backup", self.path("backup")),
                         f"ternctl: {self.path('backup')}: it is not empty\n")

    def test_a_backup_ends_with_the_server(self):
        self.start()
        lines = "".join(f"user{number}@example.org x\n" for number in range(250))
        self.ctl("user", "add", "--from", "-", input=lines)
        asking = threading.Thread(target=self.ctl, args=("backup", self.path("backup"),
                                                         "--rate", "1"))
        asking.start()
        self.await_log_line('"begins"')
        self.stop()
        asking.join()
        self.assertFalse(os.path.exists(self.path("backup/data.mdb.part")))

    def test_a_path_is_the_callers(self):
        self.start()
        self.assertEqual(self.ctl("backup", "here", cwd=self.folder).returncode, 0)
        self.assertTrue(os.path.exists(self.path("here/data.mdb")))

    def test_a_senseless_rate_is_refused(self):
        self.start()
        self.assertIn("usage: backup DIR", self.refused("backup", "/tmp/x", "--rate", "much"))

    # --- restore refuses

    def test_nothing_is_restored_over_data(self):
        self.start()
        self.backup()
        self.assertIn("it is not empty; a backup is restored into an empty directory",
                      self.refused("restore", self.path("backup"), self.path("data")))

    def test_what_is_no_backup_is_not_restored(self):
        os.mkdir(self.path("empty"))
        self.assertIn("is no backup", self.refused("restore", self.path("empty"),
                                                   self.path("data")))
        self.assertFalse(os.path.exists(self.path("data")))

    def test_a_backup_that_was_changed_is_not_restored(self):
        self.start()
        self.add_accounts(["romeo"])
        self.backup()
        self.stop()
        size = os.path.getsize(self.path("backup/data.mdb"))
        self.spoil("backup/data.mdb", size - 1, b"?")
        self.assertIn("this is not what was backed up", self.refused(
            "restore", self.path("backup"), self.path("new")))
        self.assertFalse(os.path.exists(self.path("new")))

    def test_a_backup_of_an_older_schema_is_restored_and_brought_up(self):
        self.start()
        self.add_accounts(["romeo"])
        self.backup()
        self.stop()
        with open(self.path("backup/data.mdb"), "r+b") as file:
            pages = file.read()
            self.assertIn(b"schema\2\0\0\0", pages)
            file.seek(0)
            file.write(pages.replace(b"schema\2\0\0\0", b"schema\1\0\0\0"))
        os.unlink(self.path("backup/data.mdb.sha256"))
        self.assertIn("older server", self.refused("db", "check", self.path("backup")))
        os.rename(self.path("data"), self.path("lost"))
        done = self.ctl("restore", self.path("backup"), self.path("data"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.start()
        self.assertEqual(self.rows("user", "list", "example.org"), [["romeo@example.org"]])
        done = self.ctl("db", "check", self.path("data"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    # --- check

    def test_a_healthy_directory_has_no_faults_even_while_it_is_served(self):
        self.start()
        self.add_accounts(["romeo"])
        done = self.ctl("db", "check", self.path("data"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"data: 1 owners, \d+ records, 0 log entries, 0 faults\n$")

    def test_damaged_pages_are_a_finding_and_not_a_crash(self):
        self.start()
        self.add_accounts(f"user{number}" for number in range(50))
        self.stop()
        size = os.path.getsize(self.path("data/data.mdb"))
        self.spoil("data/data.mdb", 8192, b"\xa5" * (size - 8192))
        self.assertIn("damaged", self.refused("db", "check", self.path("data")))

    def test_what_is_no_data_directory_is_refused(self):
        self.assertIn("No such file", self.refused("db", "check", self.path("nowhere")))
        os.mkdir(self.path("empty"))
        self.assertIn("there is no data.mdb in it", self.ctl("db", "check", self.path("empty")).stderr)

    def test_wrong_arguments_are_told_by_the_status(self):
        self.assertEqual(self.ctl("db", "check").returncode, 2)
        self.assertEqual(self.ctl("restore", "one").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
