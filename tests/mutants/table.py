"""What the tests must notice: one line of the portal that guards something, the line without its guard, and the test that
turns red. Each text stands exactly once in its file.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`text` in `file` becomes `instead`; `red` names the test, `file::name`."""

    guards: str
    file: str
    text: str
    instead: str
    red: str


LEASES = (
    Mutant(
        "a claim is finished by its owner only",
        "app/core/leases.py",
        "mine = update(model).where(model.id.in_(row_ids), model.lease_owner == owner)",
        "mine = update(model).where(model.id.in_(row_ids))",
        "tests/core/test_leases.py::test_a_replaced_owner_cannot_finish",
    ),
    Mutant(
        "a finish that finished nothing is noticed",
        "app/core/leases.py",
        "if done.rowcount != len(row_ids):",
        "if False:",
        "tests/core/test_leases.py::test_a_replaced_owner_cannot_finish",
    ),
    Mutant(
        "a claimed row is left alone",
        "app/core/leases.py",
        "free = due & (model.lease_until.is_(None) | (model.lease_until < wall))",
        "free = due",
        "tests/core/test_leases.py::test_a_claimed_row_is_nobody_elses",
    ),
    Mutant(
        "a claim is renewed by its owner only",
        "app/core/leases.py",
        "owned = update(model).where(model.id.in_(row_ids), model.lease_owner == owner)",
        "owned = update(model).where(model.id.in_(row_ids))",
        "tests/webhooks/test_claims.py::test_events_taken_over_meanwhile_are_not_even_fetched_for",
    ),
    Mutant(
        "a named lease is taken only when it is free",
        "app/core/leases.py",
        ", where=NamedLease.until < wall)",
        ")",
        "tests/core/test_leases.py::test_a_named_lease_is_held_by_one",
    ),
    Mutant(
        "a named lease that ran out is noticed",
        "app/core/leases.py",
        "if db.session.scalar(held.with_for_update()) is None:",
        "if False:",
        "tests/core/test_leases.py::test_an_expired_named_lease_is_noticed_before_the_commit",
    ),
    Mutant(
        "no lock is held while waiting for a lease",
        "app/core/leases.py",
        "    release()\n    owner, deadline",
        "    owner, deadline",
        "tests/core/test_leases.py::test_waiting_for_a_named_lease_keeps_no_transaction_open",
    ),
)

INBOX = (
    Mutant(
        "the object lease is still held when its effect is written",
        "app/core/leases.py",
        "where(mine | others, exists(select(held.c.name)))",
        "where(mine | others)",
        "tests/webhooks/test_coalescing.py::test_processed_and_its_effect_are_one_transaction",
    ),
    Mutant(
        "an event is finished by who has claimed it",
        "app/core/leases.py",
        'any_of(table.c.id, "claimed") & (table.c.lease_owner == bindparam("owner"))',
        'any_of(table.c.id, "claimed")',
        "tests/webhooks/test_turns.py::test_the_effect_of_a_lost_claim_is_taken_back",
    ),
    Mutant(
        "the object lease is taken before the fetch",
        "app/webhooks/turns.py",
        "free = [turn for turn in turns if turn.lease in held]",
        "free = list(turns)",
        "tests/webhooks/test_turns.py::test_an_object_somebody_is_at_is_not_fetched",
    ),
    Mutant(
        "an event is finished in the transaction of its effect",
        "app/webhooks/turns.py",
        "            _finish(turn, owner)\n",
        "            commit()\n            _finish(turn, owner)\n",
        "tests/webhooks/test_coalescing.py::test_processed_and_its_effect_are_one_transaction",
    ),
    Mutant(
        "the table has an event once",
        "migrations/versions/0008_inbox.py",
        'sa.UniqueConstraint("event_id", name=op.f("uq_inbox_events_event_id")),',
        "",
        "tests/webhooks/test_doorman.py::test_a_repeat_is_thanked_and_not_written_again",
    ),
    Mutant(
        "a repeat of an event is no error",
        "app/webhooks/doorman.py",
        ".on_conflict_do_nothing()",
        "",
        "tests/webhooks/test_doorman.py::test_a_repeat_is_thanked_and_not_written_again",
    ),
    Mutant(
        "an event of the other mode is not handled",
        "app/webhooks/service.py",
        'if event.livemode != (settings.stripe_mode == "live"):',
        "if False:",
        "tests/webhooks/test_doorman.py::test_an_event_of_live_mode_is_kept_but_not_handled_in_a_test_account",
    ),
    Mutant(
        "an event of a stranger waits for its customer",
        "app/webhooks/service.py",
        "return set(customers) - set(db.session.scalars(found))",
        "return set()",
        "tests/webhooks/test_strangers.py::test_an_event_of_an_unknown_customer_waits_for_the_customer",
    ),
    Mutant(
        "a signature is looked at",
        "app/gateway/events.py",
        "        except stripe.SignatureVerificationError:\n            continue",
        "        except stripe.SignatureVerificationError:\n            pass",
        "tests/webhooks/test_doorman.py::test_a_signature_of_another_secret_is_refused",
    ),
    Mutant(
        "a signature is not from the future",
        "app/gateway/events.py",
        "if _timestamp(header) > clock.wall().timestamp() + TOLERANCE_SECONDS:",
        "if False:",
        "tests/webhooks/test_doorman.py::test_an_old_or_future_signature_is_refused",
    ),
    Mutant(
        "a body has its limit",
        "app/webhooks/doorman.py",
        " or int(length) > MAX_BYTES",
        "",
        "tests/webhooks/test_doorman.py::test_a_body_that_is_too_large_is_refused",
    ),
    Mutant(
        "payloads do not stay for ever",
        "app/webhooks/keeping.py",
        "with_for_update(skip_locked=True).cte()\n    emptied",
        "where(False).cte()\n    emptied",
        "tests/webhooks/test_keeping.py::test_a_payload_is_emptied_after_ninety_days",
    ),
)

TASKS = (
    Mutant(
        "the table has a task of a key once",
        "migrations/versions/0001_tasks.py",
        'sa.UniqueConstraint("kind", "key", name=op.f("uq_tasks_kind_key")),',
        "",
        "tests/core/test_transactions.py::test_the_same_deed_is_recorded_once",
    ),
    Mutant(
        "the same task again is no error",
        "app/core/tasks.py",
        "insert(Task).values(**values).on_conflict_do_nothing()",
        "insert(Task).values(**values)",
        "tests/core/test_transactions.py::test_the_same_deed_is_recorded_once",
    ),
    Mutant(
        "no mail goes out a third time",
        "app/core/tasks.py",
        " & (Task.begun < MOST_BEGUN)",
        "",
        "tests/worker/test_notifications.py::test_and_never_a_third_time",
    ),
    Mutant(
        "a task is renewed before it is done",
        "worker/runner.py",
        "        leases.renew(Task, [task.id], owner)\n",
        "",
        "tests/worker/test_runner.py::test_a_task_taken_over_before_its_turn_is_not_begun",
    ),
    Mutant(
        "what was said in a mail is not kept",
        "worker/notifications.py",
        '    task.payload = {"template": task.payload["template"]}\n',
        "",
        "tests/worker/test_runner.py::test_what_was_said_is_not_kept_in_the_queue",
    ),
)

STRIPE = (
    Mutant(
        "no half deed is committed before a call",
        "app/core/transactions.py",
        "if db.session.info.get(WROTE) or db.session.new or db.session.dirty or db.session.deleted:",
        "if False:",
        "tests/core/test_transactions.py::test_a_call_to_stripe_is_refused_after_rows_were_written",
    ),
    Mutant(
        "one key is for one deed",
        "app/gateway/intents.py",
        "if intent.params_hash != digest:",
        "if False:",
        "tests/payments/test_one_off.py::test_the_same_press_with_another_amount_is_refused",
    ),
    Mutant(
        "what succeeded stays so",
        "app/gateway/intents.py",
        "        statement = statement.where(StripeIntent.state != IntentState.SUCCEEDED)\n",
        "        pass\n",
        "tests/gateway/test_resolving.py::test_what_succeeded_stays_so_whatever_a_repetition_meets",
    ),
    Mutant(
        "a call is emptied with its outcome",
        "app/gateway/intents.py",
        '"request": None, ',
        "",
        "tests/gateway/test_resolving.py::test_the_call_is_kept_only_until_its_end_is_known",
    ),
    Mutant(
        "not heard again says nothing about the first time",
        "app/gateway/intents.py",
        "was_open = before not in (None, IntentState.FAILED)",
        "was_open = False",
        "tests/gateway/test_resolving.py::test_being_turned_away_later_tells_nothing_about_the_first_try",
    ),
    Mutant(
        "a call carries its key",
        "app/gateway/intents.py",
        'answer = call(params, {"idempotency_key": key})',
        "answer = call(params, {})",
        "tests/gateway/test_catalog.py::test_the_same_key_makes_one_product",
    ),
    Mutant(
        "what was overtaken is not repeated",
        "app/gateway/resolving.py",
        "is_overtaken = _is_overtaken(intent)",
        "is_overtaken = False",
        "tests/gateway/test_resolving.py::test_a_change_that_was_overtaken_is_not_repeated",
    ),
    Mutant(
        "a key that Stripe forgot proves nothing",
        "app/gateway/resolving.py",
        'knows_key = sent.method == "delete" or clock.now() < intent.born + KEY_LIFE',
        "knows_key = True",
        "tests/gateway/test_resolving.py::test_after_a_day_nothing_is_done_that_was_not_done",
    ),
    Mutant(
        "of two who look into a call one asks",
        "app/gateway/resolving.py",
        "StripeIntent.key == key, StripeIntent.tries == tries,",
        "StripeIntent.key == key,",
        "tests/gateway/test_resolving.py::test_two_who_look_at_once_ask_once",
    ),
    Mutant(
        "a subscription's late answer changes nothing",
        "app/subscriptions/service.py",
        "if record.asked_at < subscription.synced_at:",
        "if False:",
        "tests/subscriptions/test_answers.py::test_an_answer_that_was_long_on_its_way_undoes_nothing",
    ),
    Mutant(
        "a payment's late answer changes nothing",
        "app/payments/service.py",
        "if record.asked_at < payment.synced_at:",
        "if False:",
        "tests/payments/test_one_off.py::test_an_older_answer_changes_nothing",
    ),
    Mutant(
        "a card's late answer changes nothing",
        "app/payment_methods/service.py",
        "is_news = asked_at >= known.asked_at",
        "is_news = True",
        "tests/payment_methods/test_webhooks.py::test_an_answer_long_on_its_way_changes_nothing",
    ),
    Mutant(
        "a paid invoice is not opened again",
        "app/invoices/service.py",
        "elif invoice.status not in FINAL or record.status in FINAL:",
        "else:",
        "tests/invoices/test_service.py::test_a_late_answer_does_not_reopen_a_paid_invoice",
    ),
)

ORGANIZATIONS = (
    Mutant(
        "a subscription is its organization's",
        "app/subscriptions/models.py",
        "mine = select(cls).where(cls.organization_id == organization.id)",
        "mine = select(cls)",
        "tests/subscriptions/test_cancellation.py::test_a_stranger_cannot_cancel_it",
    ),
    Mutant(
        "an invoice is its organization's",
        "app/invoices/models.py",
        "return select(cls).where(cls.organization_id == organization.id)",
        "return select(cls)",
        "tests/invoices/test_routes.py::test_unknown_and_foreign_numbers_get_the_same_404",
    ),
    Mutant(
        "an invoice fetched by its id at Stripe, too",
        "app/invoices/paying.py",
        "if owner != organization.stripe_customer_id:",
        "if False:",
        "tests/invoices/test_pay_routes.py::test_a_strangers_invoice_is_not_found_by_its_id",
    ),
    Mutant(
        "sums of what is open are the organization's",
        "app/invoices/search.py",
        ".where(Invoice.organization_id == organization.id, Invoice.status == InvoiceStatus.OPEN)",
        ".where(Invoice.status == InvoiceStatus.OPEN)",
        "tests/invoices/test_search.py::test_what_others_owe_is_not_summed",
    ),
    Mutant(
        "a payment is its organization's",
        "app/payments/models.py",
        "return select(cls).where(cls.organization_id == organization.id)",
        "return select(cls)",
        "tests/payments/test_service.py::test_a_strangers_payment_is_not_found",
    ),
    Mutant(
        "the list of payments is the organization's",
        "app/payments/history.py",
        "return mine.where(Attempt.organization_id == organization.id)",
        "return mine",
        "tests/payments/test_routes.py::test_a_stranger_sees_none_of_it",
    ),
    Mutant(
        "a card is its organization's",
        "app/payment_methods/models.py",
        "return select(cls).where(cls.organization_id == organization.id).order_by(cls.is_default.desc(), cls.id)",
        "return select(cls).order_by(cls.is_default.desc(), cls.id)",
        "tests/payment_methods/test_routes.py::test_a_strangers_card_is_not_there",
    ),
    Mutant(
        "a saved card is looked up for its organization",
        "app/payment_methods/adding.py",
        "intent.customer != organization.stripe_customer_id or not is_ours(intent)",
        "not is_ours(intent)",
        "tests/payment_methods/test_adding.py::test_somebody_elses_intent_is_not_found",
    ),
    Mutant(
        "a payment of the checkout is looked up for its organization",
        "app/subscriptions/purchases/checkout.py",
        "if intent.customer is None or intent.customer != organization.stripe_customer_id:",
        "if intent.customer is None:",
        "tests/subscriptions/test_checkout.py::test_somebody_elses_payment_is_not_found",
    ),
    Mutant(
        "a payment link opens the one invoice it was made for",
        "app/invoices/pay_links.py",
        "both.where(Invoice.public_id == str(public_id))",
        "both.order_by(Invoice.id.desc())",
        "tests/invoices/test_pay_links.py::test_a_link_opens_the_invoice_it_was_made_for",
    ),
    Mutant(
        "a payment link is signed",
        "app/invoices/pay_links.py",
        "public_id = _signer().loads(link, max_age=",
        "public_id = _signer().load_payload(link.partition('.')[0].encode()) or str(",
        "tests/invoices/test_pay_links.py::test_a_changed_link_and_one_made_for_else_open_nothing",
    ),
    Mutant(
        "a payment link ends",
        "app/invoices/pay_links.py",
        "_signer().loads(link, max_age=int(LIFE.total_seconds()))",
        "_signer().loads(link)",
        "tests/invoices/test_pay_links.py::test_an_old_link_charges_nothing",
    ),
    Mutant(
        "invitations are their organization's",
        "app/organizations/models.py",
        "return select(cls).where(cls.organization_id == organization.id, unanswered).order_by(cls.id)",
        "return select(cls).where(unanswered).order_by(cls.id)",
        "tests/organizations/test_team.py::test_another_organizations_people_and_invitations_are_not_found",
    ),
    Mutant(
        "a timeline is its organization's",
        "app/audit/service.py",
        "mine = select(Entry).where(Entry.organization_id == organization_id)",
        "mine = select(Entry)",
        "tests/audit/test_service.py::test_a_timeline_is_newest_first_and_only_ones_own",
    ),
    Mutant(
        "who is a member somewhere is a member there only",
        "app/organizations/context.py",
        "mine.where(Membership.user_id == current_user.id)",
        "mine",
        "tests/organizations/test_context.py::test_an_organization_one_does_not_belong_to_cannot_be_chosen",
    ),
    Mutant(
        "a role opens its doors only",
        "app/organizations/guards.py",
        "if not current_membership.may(*roles):",
        "if False:",
        "tests/payment_methods/test_routes.py::test_a_member_is_refused",
    ),
)

MONEY = (
    Mutant(
        "one live subscription per organization",
        "migrations/versions/0006_subscriptions.py",
        "        unique=True,\n",
        "",
        "tests/subscriptions/test_one_live.py::test_the_table_itself_takes_no_second_live_subscription",
    ),
    Mutant(
        "a subscription has one deed at a time",
        "app/subscriptions/service.py",
        "    with leases.hold(lease(organization), LEASE_SECONDS):\n        yield",
        "    yield",
        "tests/subscriptions/test_change_races.py::test_two_tabs_that_upgrade_charge_once",
    ),
    Mutant(
        "no other amount than the one shown is charged",
        "app/invoices/paying.py",
        "if shown is not None and shown != state.remaining:",
        "if False:",
        "tests/invoices/test_paying.py::test_another_amount_than_the_one_shown_is_not_charged",
    ),
    Mutant(
        "no more than was paid is given back",
        "app/payments/refunding.py",
        "not 0 < amount.amount <= left.amount",
        "False",
        "tests/payments/test_refunding.py::test_no_other_amount_than_one_up_to_what_is_left_is_refunded",
    ),
    Mutant(
        "one press gives back once",
        "app/payments/refunding.py",
        'key = f"refund:{payment.stripe_id}:{token}"',
        'key = f"refund:{payment.stripe_id}:{token}:{leases.new_owner()}"',
        "tests/payments/test_refunding.py::test_one_press_sent_twice_refunds_once",
    ),
    Mutant(
        "a used form pauses nothing",
        "app/subscriptions/pauses/pausing.py",
        "if tasks.is_known(BEGIN, key):",
        "if False:",
        "tests/subscriptions/test_pause.py::test_a_used_form_plans_no_second_pause",
    ),
    Mutant(
        "a used form cancels nothing and says so",
        "app/subscriptions/cancellations/cancellation.py",
        "        if subscription.can_cancel:\n            raise intents.IntentSpent()",
        "        if False:\n            raise intents.IntentSpent()",
        "tests/subscriptions/test_cancellation.py::test_a_used_form_sent_again_changes_nothing_and_says_so",
    ),
    Mutant(
        "a used form keeps nothing and says so",
        "app/subscriptions/cancellations/cancellation.py",
        "        if subscription.is_canceling:\n            raise intents.IntentSpent()",
        "        if False:\n            raise intents.IntentSpent()",
        "tests/subscriptions/test_cancellation.py::test_the_same_form_takes_no_second_cancellation_back_and_says_so",
    ),
    Mutant(
        "a used form changes nothing and says so",
        "app/subscriptions/changes/change.py",
        "if sheet is None and not _has(changed, price, quantity):",
        "if False:",
        "tests/subscriptions/test_change_races.py::test_a_used_form_sent_again_after_an_undo_changes_nothing",
    ),
    Mutant(
        "nobody comes back for another amount than the one shown",
        "app/subscriptions/purchases/resubscribe.py",
        "if wanted.due.amount != shown:",
        "if False:",
        "tests/subscriptions/test_resubscribe.py::test_another_amount_than_shown_is_not_charged",
    ),
    Mutant(
        "no change but the one that was shown",
        "app/subscriptions/changes/change.py",
        "if sheet.shown != shown:",
        "if False:",
        "tests/subscriptions/test_change_doors.py::test_another_amount_than_would_be_charged_is_shown_anew",
    ),
)

DOORS = (
    Mutant(
        "a form brings its token",
        "app/__init__.py",
        "for extension in (db, csrf, htmx,",
        "for extension in (db, htmx,",
        "tests/core/test_security.py::test_a_post_without_a_token_is_refused",
    ),
    Mutant(
        "a post comes from a page of ours",
        "app/core/security.py",
        "    app.before_request(_same_site_only)\n",
        "",
        "tests/core/test_security.py::test_a_post_from_elsewhere_is_refused_even_with_a_token",
    ),
    Mutant(
        "no redirect leads to another site",
        "app/core/pages.py",
        'if "\\\\" in target or any(',
        "if any(",
        "tests/core/test_pages.py::test_a_doubtful_target_becomes_the_overview",
    ),
    Mutant(
        "a link to a new password works once",
        "app/auth/reset.py",
        "    user.reset_token_hash = user.reset_expires_at = None\n",
        "",
        "tests/auth/test_reset.py::test_a_link_works_once",
    ),
    Mutant(
        "a link to a new password ends",
        "app/auth/reset.py",
        ", User.reset_expires_at > clock.wall())",
        ")",
        "tests/auth/test_reset.py::test_a_link_is_good_for_half_an_hour",
    ),
    Mutant(
        "signing out ends the session",
        "app/auth/context.py",
        "        service.close_session(token)\n",
        "        pass\n",
        "tests/auth/test_sign_in.py::test_signing_out_ends_the_session_even_for_a_kept_cookie",
    ),
    Mutant(
        "an error of the database tells no names",
        "app/core/database.py",
        '"hide_parameters": True,',
        '"hide_parameters": False,',
        "tests/core/test_transactions.py::test_an_error_of_the_database_does_not_tell_what_was_written",
    ),
    Mutant(
        "an error page keeps nothing",
        "app/core/transactions.py",
        "    if response.status_code >= 400:\n",
        "    if False:\n",
        "tests/core/test_transactions.py::test_an_error_page_rolls_everything_back",
    ),
)

KEYS = (
    Mutant(
        "a revoked key opens nothing",
        "app/api_keys/models.py",
        'cls.secret_hash == bindparam("secret_hash"), cls.revoked_at.is_(None)',
        'cls.secret_hash == bindparam("secret_hash")',
        "tests/api/test_bearer.py::test_a_revoked_key_is_refused_from_the_next_request_on",
    ),
    Mutant(
        "a key does what its scopes say",
        "app/api/guards.py",
        "    if scope not in caller.scopes:\n",
        "    if False:\n",
        "tests/api/test_bearer.py::test_a_key_without_the_scope_is_refused",
    ),
    Mutant(
        "a key is its organization's to revoke",
        "app/api_keys/service.py",
        "ApiKey.organization_id == organization.id, ApiKey.public_id == public_id",
        "ApiKey.public_id == public_id",
        "tests/api_keys/test_keys.py::test_a_stranger_finds_no_key_of_others",
    ),
    Mutant(
        "restricted access allows nothing",
        "app/entitlements/deciding.py",
        "_of_budget(standing, estimate) if access.allowed else (False, str(access.reason))",
        "_of_budget(standing, estimate)",
        "tests/entitlements/test_check.py::test_while_access_is_restricted_nothing_is_allowed",
    ),
)

USAGE = (
    Mutant(
        "an event counts once",
        "app/usage/service.py",
        "[one for event_id, one in single.items() if event_id in added]",
        "list(single.values())",
        "tests/usage/test_counting.py::test_an_event_counts_once_however_often_it_is_sent",
    ),
    Mutant(
        "an id stands for one event",
        "app/usage/service.py",
        "    if any(ids):\n",
        "    if False:\n",
        "tests/usage/test_counting.py::test_an_id_stands_for_one_event",
    ),
    Mutant(
        "a budget that stops denies",
        "app/entitlements/deciding.py",
        "    budget = standing.stopping\n",
        "    budget = None\n",
        "tests/entitlements/test_check.py::test_a_budget_that_stops_denies",
    ),
)
DUNNING = (
    Mutant(
        "a stopped case is charged nothing by itself",
        "app/dunning/retrying.py",
        "if not case.is_unpaid or case.state == CaseState.STOPPED:",
        "if not case.is_unpaid:",
        "tests/dunning/test_deciding.py::test_a_stopped_case_is_not_charged_to_another_card_by_itself",
    ),
    Mutant(
        "a card that was refused for good is not charged again",
        "app/dunning/reasons.py",
        " if state.default_card in refused else None",
        " if False else None",
        "tests/dunning/test_reasons.py::test_a_card_refused_for_good_is_not_charged_after_another_was_declined",
    ),
    Mutant(
        "the write-off is made up for after a crash",
        "app/dunning/concluding.py",
        "return is_due or intents.was_tried(_key(case))",
        "return is_due",
        "tests/dunning/test_ends.py::test_a_worker_that_dies_after_the_plans_end_leaves_nothing_owed",
    ),
)

MUTANTS = LEASES + INBOX + TASKS + STRIPE + ORGANIZATIONS + MONEY + DOORS + KEYS + USAGE + DUNNING
