"""Hooks into moto 5.2.5's Step Functions interpreter: one function a gap, named after what is true with it.

Each is a context manager that puts moto back as it was. Only what the product needs is here. For each one
tests/world/test_moto_hooks.py shows that the gap is still there without it, so an upgrade of moto says which may go.
The symbols are moto's own, mostly private; that is why moto is pinned exactly.
"""

import world.moto_hooks.regions  # noqa: F401 - for what it does, and before anything below imports moto

# isort: split
from world.moto_hooks.callbacks import a_wait_for_a_token_takes_virtual_time, one_client_serves_all_calls
from world.moto_hooks.executions import (
    a_stop_keeps_its_error_and_cause,
    a_stop_wins_over_the_error_it_provokes,
    an_end_is_told_once,
    an_execution_has_one_thread,
    an_execution_without_a_name_gets_one,
)
from world.moto_hooks.expressions import (
    a_wait_is_a_whole_number_of_seconds,
    context_times_look_like_those_of_aws,
    definitions_are_parsed_once,
    expressions_are_evaluated,
    the_interpreter_is_silent,
    the_wildcard_catches_what_it_does_on_aws,
)
from world.moto_hooks.functions import functions_run_in_process
from world.moto_hooks.insights import clusters_have_insights
from world.moto_hooks.protections import records_can_be_protected
from world.moto_hooks.time import (
    executions_time_out_in_virtual_time,
    jitter_comes_from_the_seed,
    retries_back_off_in_virtual_time,
    tasks_time_out_in_virtual_time,
    waits_take_virtual_time,
)

__all__ = [
    "a_stop_keeps_its_error_and_cause",
    "a_stop_wins_over_the_error_it_provokes",
    "a_wait_for_a_token_takes_virtual_time",
    "a_wait_is_a_whole_number_of_seconds",
    "an_end_is_told_once",
    "an_execution_has_one_thread",
    "an_execution_without_a_name_gets_one",
    "clusters_have_insights",
    "context_times_look_like_those_of_aws",
    "definitions_are_parsed_once",
    "executions_time_out_in_virtual_time",
    "expressions_are_evaluated",
    "functions_run_in_process",
    "jitter_comes_from_the_seed",
    "one_client_serves_all_calls",
    "records_can_be_protected",
    "retries_back_off_in_virtual_time",
    "tasks_time_out_in_virtual_time",
    "the_interpreter_is_silent",
    "the_wildcard_catches_what_it_does_on_aws",
    "waits_take_virtual_time",
]
