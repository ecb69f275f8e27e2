"""F67–F69: the mail server is away, is moody, or has said yes to somebody who died."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from faults import logs
from faults.case import Case, row
from faults.customers import Customer
from faults.rows.processes import FAILED, subscribed_once
from portal.services import messages

DAY = 86_400
WAITING = "SELECT count(*) FROM tasks WHERE kind = 'send_mail' AND state = 'pending' AND payload->>'template' = %s"
REFUSED = "SELECT kind || ':' || id, attempts, last_error FROM tasks WHERE state = 'parked' AND payload->'to' ? %s"
DISCARD = "UPDATE tasks SET state = 'discarded' WHERE state = 'parked' AND payload->'to' ? %s RETURNING id"
HANGS_SECONDS, TIMEOUT_SECONDS = 30, 10
PUT_OFF_TIMES = 3


@row("F67", "the mail server refuses connections for four days of business")
def away(case: Case) -> None:
    """Everything goes out after it, but the reminder of a trial that has ended by then."""
    house, trying = case.house, case.customer()
    trying.subscribe("Starter")
    case.wait(lambda: trying.status() == "trialing", "the trial")
    house.turn_clock(str((14 - 3) * DAY - 3 * 3600))
    case.quiet()
    since = logs.mark(house)
    with case.failing("mail", "refuse"):
        newcomer = case.customer()
        newcomer.subscribe()
        house.turn_clock("6 hours")
        case.wait(lambda: house.count(WAITING, "trial_ending"), "the reminder of the trial's end")
        case.wait(lambda: house.count(WAITING, "receipt"), "a receipt to be put off")
        house.turn_clock("4 days")
        case.wait(lambda: trying.status() == "active", "the trial to end")
    case.settle()
    reminders = [subject for subject in trying.mails() if "trial ends" in subject]
    case.expect(not reminders, f"the reminder came when the trial was over: {reminders}")
    dropped = [line["template"] for line in logs.entries(since, "mail dropped, because it comes too late")]
    case.expect(dropped == ["trial_ending"], f"dropped: {dropped}")
    subscribed_once(case, newcomer)


class Moody:
    """A mail server with a plan for each address; what it says yes to, it keeps where the catcher keeps it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.hangs, self.puts_off, self.refuses = set[str](), dict[str, int](), set[str]()
        self.heard: dict[str, list[float]] = {}

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.refuses:
            return "550 5.1.1 nobody of that name"
        if self.puts_off.get(address):
            self.puts_off[address] -= 1
            return "451 4.3.0 later, please"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        for address in envelope.rcpt_tos:
            self.heard.setdefault(address, []).append(time.monotonic())
        if self.hangs.intersection(envelope.rcpt_tos):
            self.hangs.difference_update(envelope.rcpt_tos)
            await asyncio.sleep(HANGS_SECONDS)
            return "451 4.3.0 forgot what it was"
        messages.save(self._directory, envelope.rcpt_tos, envelope.original_content or b"")
        return "250 OK"


@row("F68", "the mail server hangs after a mail, puts one off, and refuses one", tracebacks=FAILED)
def moody(case: Case) -> None:
    house, server = case.house, Moody(case.house.stack.mail.directory)
    catcher = house.end("mail")
    controller = Controller(server, hostname="127.0.0.1", port=house.stack.mail.port)
    controller.start()
    try:
        hung, put_off, refused, plain = (_to_be(case) for _ in range(4))
        server.hangs.add(hung.email)
        server.puts_off[put_off.email] = PUT_OFF_TIMES
        server.refuses.add(refused.email)
        for customer in (hung, put_off, refused, plain):
            customer.sign_up()
        case.wait(lambda: len(server.heard.get(hung.email, [])) > 1, "the hung mail to be sent again")
        case.wait(lambda: put_off.mails(), "the mail that was put off")
        case.wait(lambda: house.rows(REFUSED, refused.email), "the refused mail to be parked")
        case.over()
        case.settle()
    finally:
        controller.stop()
        house.start(catcher)
    for customer in (hung, put_off, plain):
        case.expect(len(customer.mails()) == 1, f"mails instead of one: {len(customer.mails())}")
    ((task, attempts, error),) = house.rows(REFUSED, refused.email)
    case.expect(attempts == 1 and "550" in error, f"the refused mail has {attempts} attempts: {error}")
    first, second = server.heard[hung.email][:2]
    case.expect(second - first < 3 * TIMEOUT_SECONDS, f"the hung mail was sent again after {second - first:.0f} s")
    case.notes.append(f"hung mail sent again after {second - first:.0f} s")
    case.expect(house.rows(DISCARD, refused.email), f"{task} cannot be discarded")


def _to_be(case: Case) -> Customer:
    """Somebody who has not signed up yet."""
    customer = Customer(case.house, case.chance)
    case.customers.append(customer)
    return customer


@row("F69", "a worker is killed between the mail server's yes and its own commit")
def died_after_yes(case: Case) -> None:
    """The one window that cannot be closed: nobody knows whether the mail went out, so it goes out once more."""
    case.house.arm("after_mail_before_commit")
    customer = case.customer()
    case.struck("after_mail_before_commit")
    case.over()
    case.settle()
    arrived = list(messages.newest_first(case.house.stack.mail.directory, to=customer.email))
    times = Counter(mail.headers["Message-ID"] for mail in arrived)
    case.expect(len(times) == 1, f"the mail came under {len(times)} Message-IDs")
    case.expect(max(times.values()) <= 2, f"the mail came {max(times.values())} times")
    case.notes.append(f"{sum(times.values()) - len(times)} duplicate, under one Message-ID")
    for mail in arrived[1:]:  # counted, and no business of the rows that follow
        (case.house.stack.mail.directory / f"{mail.id}.eml").unlink()
