"""What plays leave serves again, or is looked at in the end, under the names of another play."""

import pytest

from virtool_contract.model import Phase
from virtool_contract.provider import Credentials
from virtool_contract.shelf import Shelf
from virtool_contract.subject import Known, Subject


def left(analysis_id: str, phase: Phase, state: str = "pending") -> Subject:
    known = Known(id=analysis_id, phase=phase, document={"id": analysis_id})
    return Subject(label="A", state=state, credentials=Credentials(job_id="j"), known=known)


@pytest.mark.parametrize("files", [True, False])
def test_one_that_fits_serves_again(*, files: bool) -> None:
    shelf = Shelf()
    for each in (left("with", Phase.PENDING, "pending with files"), left("without", Phase.PENDING)):
        shelf.put(each)
    served = shelf.take("B", Phase.PENDING, files=files)
    assert served
    assert (served.label, served.recycled, served.known.document) == ("B", True, None)
    assert served.known.id == ("with" if files else "without")
    assert shelf.take("B", Phase.FINALIZED, files=False) is None
    assert [each.known.id for each in shelf.cleared()] == ["without" if files else "with"]
    assert shelf.take("B", Phase.PENDING, files=False) is None


def test_the_first_of_each_phase_is_kept_and_given_once() -> None:
    shelf = Shelf()
    first, second = left("a", Phase.FINALIZED), left("b", Phase.FINALIZED)
    assert shelf.keeps(first)
    assert not shelf.keeps(second)
    assert not shelf.keeps(left("c", Phase.PENDING))
    assert shelf.left_over(Phase.FINALIZED) == first
    assert shelf.left_over(Phase.FINALIZED) is None
    assert not shelf.keeps(second)
    shelf.forget_kept()
    assert shelf.keeps(second)


def test_whose_sample_it_shared_is_not_known_in_another_play() -> None:
    """A label of one play names another analysis, or none, in the next."""
    shelf = Shelf()
    state = "pending with files, of the sample of C"
    shelf.put(left("a", Phase.PENDING, state))
    assert shelf.keeps(left("b", Phase.ABSENT, state))
    for each in (shelf.take("B", Phase.PENDING, files=True), shelf.left_over(Phase.ABSENT)):
        assert each
        assert each.state == "pending with files"
