"""What no metric shows is seen by asking green itself."""

from datetime import timedelta

from crossfade.core.workload import ProbeRequest
from tests.workflow.journey import ON_BLUE, Journey, journey
from world.front_doors import Oddity


def lose_the_certificate(tonight: Journey) -> None:
    """Users that come anew are turned away before they can send a request, so nothing fails where it is counted."""
    tonight.world.estate.doors.odd["green"] = Oddity.CERTIFICATE
    tonight.world.estate.doors.close()


def test_a_green_with_the_wrong_certificate_is_given_up_within_two_minutes() -> None:
    with journey(probe=ProbeRequest()) as tonight:
        tonight.on_health_check(lambda _: lose_the_certificate(tonight))

        execution = tonight.run()

        events = {event.what: event for event in tonight.world.ledger.timeline("tonight")}
        assert execution.error == "RolledBack"
        assert tonight.routed == tonight.declared == ON_BLUE
        assert "green shows a certificate that is not good for the host" in tonight.record.reason
        assert "in 3 looks in a row; blue answers 200" in tonight.record.reason
        assert events["rollback_decided"].at - events["traffic_moved"].at <= timedelta(minutes=2)
