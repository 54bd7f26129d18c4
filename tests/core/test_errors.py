"""An error's class name is what the state machine sees, so both sides must spell it alike."""

from crossfade import errors, names
from crossfade.core.record import Outcome


def of_kind(kind: type[errors.CrossfadeError]) -> set[str]:
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, kind)]
    return {value.__name__ for value in found} - {kind.__name__}


def test_the_state_machine_retries_exactly_the_temporary_errors() -> None:
    assert set(names.TEMPORARY_ERRORS) == of_kind(errors.TemporaryError)


def test_every_error_is_either_temporary_or_permanent() -> None:
    kinds = {errors.TemporaryError.__name__, errors.PermanentError.__name__}
    temporary, permanent = of_kind(errors.TemporaryError), of_kind(errors.PermanentError)

    assert not temporary & permanent
    assert of_kind(errors.CrossfadeError) == temporary | permanent | kinds


def test_an_invalid_configuration_keeps_its_faults_and_reads_as_lines() -> None:
    error = errors.InvalidConfigError(["a: is missing", "b: is missing"])

    assert error.faults == ["a: is missing", "b: is missing"]
    assert str(error) == "a: is missing\nb: is missing"


def test_every_bad_end_has_a_state_that_says_so() -> None:
    states = {state.value.replace(" ", "").lower() for state in names.State}

    assert {outcome.value.lower() for outcome in Outcome} - {"dryrun"} <= states
