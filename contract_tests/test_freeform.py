"""Freeform: any JSON object survives as results."""

import pytest

from virtool_contract.promises import (
    Body,
    Json,
    Stage,
    awkward,
    classify,
    clause,
    expect,
    finalize_body,
    freeform,
)

AWKWARD = freeform.catalogue()
BEYOND = {name: finalize_body(results) for name, results in awkward.BEYOND_I_JSON.items()}
BEYOND["1e999"] = classify(awkward.NUMBERLESS)


@clause("finalize.freeform")
@pytest.mark.parametrize("results", AWKWARD.values(), ids=AWKWARD)
def test_awkward_results_survive(stage: Stage, results: dict[str, Json]) -> None:
    """Any object within I-JSON MUST be accepted as results and survive unchanged."""
    analysis = stage.pending(files=False)
    expect.success(stage.finalize(analysis, results))


@clause("finalize.freeform")
@pytest.mark.parametrize("raw", awkward.SPELLINGS.values(), ids=awkward.SPELLINGS)
def test_results_may_be_spelled_as_json_can_be(stage: Stage, raw: bytes) -> None:
    """Results MUST be accepted however their JSON is spelled, and survive unchanged."""
    analysis = stage.pending(files=False)
    expect.success(stage.finalize(analysis, classify(raw)))


@clause("finalize.beyond-i-json")
@pytest.mark.parametrize("body", BEYOND.values(), ids=BEYOND)
def test_results_beyond_i_json_are_kept_or_refused(stage: Stage, body: Body) -> None:
    """Results past I-JSON SHOULD be kept exactly or refused with a 4xx."""
    analysis = stage.pending(files=False)
    expect.success(stage.finalize(analysis, body))


@clause("finalize.size")
def test_a_mebibyte_is_accepted(stage: Stage) -> None:
    """A body of one MiB MUST be accepted, and its results MUST survive."""
    results = freeform.one_mebibyte(stage.bytes_beside())
    expect.success(stage.finalize(stage.pending(files=False), results))


@clause("finalize.size")
def test_ten_thousand_keys_are_accepted(stage: Stage) -> None:
    """Ten thousand keys MUST be accepted and survive."""
    expect.success(stage.finalize(stage.pending(files=False), freeform.ten_thousand_keys()))
