# ledger.py - what the server has acknowledged, and whether it stands
# SPDX-License-Identifier: MIT

from collections import defaultdict

PROMISES = ("start", "account", "contact", "subscription", "message", "order", "rest")
SUBSCRIPTIONS = {"none": set(), "to": {"asked", "to"}, "from": {"from"},
                 "both": {"asked", "to", "from"}}


def facts_of(subscription, ask):
    """What a roster item says, as facts of which none is taken back: nobody cancels here."""
    return SUBSCRIPTIONS[subscription] | ({"asked"} if ask else set())


class Ledger:
    def __init__(self):
        self.broken = []                    # (promise, what happened)
        self.counts = defaultdict(int)
        self.accounts = {}                  # acknowledged: address -> password
        self.gone = set()                   # acknowledged deletions
        self.contacts = defaultdict(dict)   # user -> contact -> names it may have; None: absent
        self.subscriptions = defaultdict(lambda: defaultdict(set))
        self.mail = defaultdict(list)       # absent user -> numbers sent, in order of each sender
        self.acknowledged_mail = defaultdict(set)
        self.delivered = set()

    def break_promise(self, promise, what):
        self.broken.append((promise, what))

    def summary(self):
        return ", ".join(f"{self.counts[what]} {what}s" for what in PROMISES[1:5])

    # Accounts

    def note_account(self, address, password):
        self.accounts[address] = password
        self.counts["account"] += 1

    def note_deletion(self, address):
        self.gone.add(address)
        self.counts["account"] += 1

    def check_accounts(self, listed):
        for address in self.accounts.keys() - listed:
            self.break_promise("account", f"{address} was made and is not there")
        for address in self.gone & listed:
            self.break_promise("account", f"{address} was deleted and is there")

    # Contacts: a name, or None for one that is not in the roster

    def attempt_contact(self, user, contact, name):
        self.contacts[user].setdefault(contact, {None}).add(name)

    def note_contact(self, user, contact, name):
        self.contacts[user][contact] = {name}
        self.counts["contact"] += 1

    def check_contacts(self, user, items):
        """`items`: contact -> name. What is found is what counts from now on."""
        for contact, allowed in self.contacts[user].items():
            if items.get(contact) not in allowed:
                self.break_promise("contact", f"{user} has {contact} as {items.get(contact)}, "
                                              f"not as one of {allowed}")
            self.contacts[user][contact] = {items.get(contact)}

    # Subscriptions

    def note_subscription(self, user, peer, facts):
        if not facts <= self.subscriptions[user][peer]:
            self.counts["subscription"] += 1
        self.subscriptions[user][peer] |= facts

    def known_subscriptions(self, user):
        """A copy, to be had before the roster is asked for: pushes may come on its heels."""
        return {peer: set(facts) for peer, facts in self.subscriptions[user].items()}

    def check_subscriptions(self, user, known, found):
        """`known`: what was, and `found`: what is: peer -> facts."""
        for peer, facts in known.items():
            if not facts <= found.get(peer, set()):
                self.break_promise("subscription", f"{user} had seen {facts} of {peer}, now "
                                                   f"{found.get(peer, set())}")
        for peer, facts in found.items():
            self.subscriptions[user][peer] |= facts

    # Messages

    def note_mail(self, absent, number):
        self.acknowledged_mail[absent].add(number)
        self.counts["message"] += 1

    def check_mail(self, absent, arrived):
        for number in sorted(self.acknowledged_mail[absent] - set(arrived)):
            self.break_promise("message", f"{number} for {absent} is lost")
        for number in arrived:
            if number in self.delivered:
                self.break_promise("message", f"{number} for {absent} came once more")
            self.delivered.add(number)
        self.check_order(absent, arrived)
        self.acknowledged_mail[absent].clear()

    def check_order(self, absent, arrived):
        """Numbers rise with each sender; they read sender.number."""
        last = {}
        for number in arrived:
            sender, _, count = number.partition(".")
            if int(count) <= last.get(sender, -1):
                self.break_promise("order", f"{number} for {absent} came behind "
                                            f"{sender}.{last[sender]}")
            last[sender] = int(count)
