"""Get: the job that runs an analysis, and nobody else, gets its complete document."""

from virtool_contract.promises import Caller, Stage, clause, disguises, expect, lengthy


@clause("get.document", "get.identity", "media-type", "json.well-formed", "documented-status")
def test_the_owner_gets_the_document(stage: Stage) -> None:
    """The owner MUST get 200 and the complete document, pending or finalized, each time it asks."""
    for analysis in (stage.pending(), stage.pending(), stage.pending(), stage.finalized()):
        for _ in range(4):
            expect.success(stage.get(analysis))


@clause("get.files")
def test_the_document_lists_the_files(stage: Stage) -> None:
    """The document MUST list the files of the analysis, also where there are none."""
    expect.success(stage.get(stage.pending(files=False)))
    answer = stage.get(stage.pending(files=True))
    expect.success(answer)
    expect.files(answer)


@clause("get.results-when-ready")
def test_results_come_with_ready(stage: Stage) -> None:
    """A pending analysis MUST NOT have results; a finalized one MUST."""
    analysis = stage.pending()
    expect.success(stage.get(analysis))
    expect.success(stage.finalize(analysis, {"foo": "bar"}))
    expect.success(stage.get(analysis))


@lengthy
@clause("get.safe")
def test_reads_agree(stage: Stage) -> None:
    """Reads with no write between them MUST agree, however many there are."""
    pending, finalized = stage.pending(), stage.finalized()
    for _ in range(60):
        expect.success(stage.get(pending))
        expect.success(stage.get(finalized))


@clause("get.identity")
def test_each_job_gets_its_own_document(stage: Stage) -> None:
    """Two jobs MUST each get the document of the analysis they run."""
    first, second = stage.pending(), stage.pending()
    for analysis in (first, second, first):
        expect.success(stage.get(analysis))


@clause("get.own-only", "access.no-leak")
def test_a_job_that_runs_another_analysis_is_refused(stage: Stage) -> None:
    """A job that runs another analysis MUST be refused with 403, and MUST NOT see the document."""
    for analysis in (stage.pending(), stage.finalized()):
        for _ in range(6):
            expect.refusal(stage.get(analysis, Caller.OTHER_JOB), "not-own")
        stage.read_back(analysis)
    unread = stage.unread()
    expect.refusal(stage.get(unread, Caller.OTHER_JOB), "not-own")
    stage.read_back(unread)


@clause("get.analysis-jobs-only")
def test_a_job_that_runs_no_analysis_is_refused(stage: Stage) -> None:
    """A job that runs no analysis MUST be refused with 403."""
    for analysis in (stage.pending(), stage.finalized()):
        expect.refusal(stage.get(analysis, Caller.OTHER_WORKFLOW), "not-own")
        stage.read_back(analysis)


@clause("get.absent")
def test_an_absent_analysis_is_not_found(stage: Stage) -> None:
    """An id that nobody has MUST be answered with 404, or with 403 as somebody else's."""
    expect.refusal(stage.get(stage.absent(), Caller.OTHER_JOB), "absent", "not-own")


@clause("get.absent")
def test_an_id_that_looks_like_another_is_not_found(stage: Stage) -> None:
    """An id MUST be taken as it is: none that only looks like it finds the analysis."""
    for analysis in (stage.pending(), stage.finalized()):
        for disguise in disguises(analysis.known.id):
            expect.refusal(stage.look_alike(analysis, disguise), "absent", "not-own")


@clause("get.absent", "errors.message")
def test_a_removed_analysis_is_not_found(stage: Stage) -> None:
    """The owner of a removed analysis MUST get 404."""
    expect.refusal(stage.get(stage.removed()), "absent")
