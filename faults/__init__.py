"""The fault suite: the portal's real processes, broken on purpose, and what must hold afterwards. `make faults` runs it.

    python -m faults --rows F05,F31 --seed 7

A **row** is a function in `faults/rows/`, entered into the book by its number:

    @row("F31", "Stripe fails before it does anything", tracebacks=("event not handled",))
    def fails_before(case: Case) -> None:
        customer = case.customer()                       # signed up, at an address of their own
        price = customer.look_at()
        with case.planned({"call": "error", "path": "/v1/subscriptions"}):
            customer.patiently(lambda: customer.buy(price, CARD, name=…))
                                                         # the fault ends (elsewhere: case.over()): recovery is measured from here
        case.settle()                                    # until all is quiet and both web servers are ready
        case.expect(customer.status() == "active", "the subscription is …")   # what this row promises beyond the standard

The runner restores the house afterwards (doors pass, frozen processes thaw, failpoints and the sandbox's faults are cleared),
settles if the row has not, and asks the oracles, which are the standard: 0 lost, 0 charged twice, 0 mailed twice. So a row
only checks what is its own. What a row must keep to:

- Rows share one house, one after another. A row brings its own customers, looks at them alone, and leaves the house as it found
  it but for what `restore` mends. One that stops a child (`house.end(name)`) starts it again (`house.start(child)`).
- Everything random comes from `case.chance`, which the seed decides.
- Business time only goes on (`house.turn_clock`); customers of earlier rows renew with everybody else.
- Rows never sleep for something to happen: `case.wait(…)`, `case.struck(point)`. Only a fault's own length is slept.
- `tracebacks=` names the log lines (their `event`) that the fault explains; any other traceback fails the row. `case.parked` takes
  the ids of events, or `kind:id` of tasks, that are meant to be parked; discard them if a later row could stumble over them.

The **house** (`faults/house.py`): `web-1`, `web-2` behind one address, `worker-1`, `worker-2`, `documents`, `clock`, `postgres`,
`redis`, `sandbox`, `mail`, `mailbox`, `doors`. `kill`, `freeze`, `thaw`, `restart`, `end`, `start`; `arm(point, action)` for
app/core/failpoints.py; `spoil(door, kind, …)` and `case.failing(door, kind, …)` for the doors `database`, `redis`, `mail`,
`stripe` and `web` (faults/proxy.py has the kinds); `case.planned(…)` for the sandbox's own plan; `faults/events.py` to post
events oneself, again or changed; `command(…)` for `portal <words>`; `sandbox(…)`, `stripe(…)` and `rows(…)` to look, all past the doors.
"""
