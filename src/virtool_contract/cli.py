"""The command line: reads the words of each command, and calls what does the work."""

import argparse
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

from virtool_contract import __version__, clauses, garbage, loading, waivers
from virtool_contract.contract import ContractError
from virtool_contract.embedded import started_ahead
from virtool_contract.options import OPTIONS, WAIVERS, Option, OptionError, Settings, resolve
from virtool_contract.standard_streams import drop_output, occupy_standard_streams

CONFORMS, USAGE, COULD_NOT_TEST = 0, 2, 3
MOST_PROCESSES = 64


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit codes are those of the README."""
    occupy_standard_streams()
    parser = build_parser()
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except (OptionError, ContractError) as error:
        print(f"virtool-contract: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        drop_output()
        return USAGE
    except ImportError as error:
        missing = f"the module {error.name!r} cannot be imported ({error.path or 'not there'})"
        print(f"virtool-contract: {missing}; install virtool-contract again", file=sys.stderr)
        return COULD_NOT_TEST
    except Exception as error:  # noqa: BLE001 - Python's own exit code for it is that of a violation
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
        print(f"virtool-contract: failed by itself ({where}); please report this", file=sys.stderr)
        return COULD_NOT_TEST
    return code


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line, with each command's function as `run`."""
    parser = argparse.ArgumentParser(
        prog="virtool-contract",
        description="Does a server keep the contract of the analyses of the Virtool Jobs API?",
        epilog="exit codes: 0 conforms, 1 violates, 2 usage or configuration, 3 could not test",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_verify(commands.add_parser("verify", help="test a target (main job)", allow_abbrev=False))
    _add_replay(
        commands.add_parser(
            "replay", help="send what broke a clause again, from a report", allow_abbrev=False
        )
    )
    _add_validate(
        commands.add_parser("validate", help="judge recorded traffic, offline", allow_abbrev=False)
    )
    _add_compare(
        commands.add_parser(
            "compare", help="what has changed between two reports", allow_abbrev=False
        )
    )
    _add_merge(
        commands.add_parser(
            "merge", help="one verdict from the reports of several runs", allow_abbrev=False
        )
    )
    _add_serve(commands.add_parser("serve", help="run the reference server", allow_abbrev=False))
    _add_clauses(
        commands.add_parser("clauses", help="list what the contract promises", allow_abbrev=False)
    )
    _add_check_docs(
        commands.add_parser(
            "check-docs", help="compare a documentation page with the contract", allow_abbrev=False
        )
    )
    return parser


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Test a target, or with no --base-url the embedded reference server. Each option can also "
        "be set in the environment (the variable in brackets) or in [tool.virtool-contract] of "
        "pyproject.toml."
    )
    _add_options(parser, OPTIONS)
    parser.add_argument(
        "-k", metavar="EXPRESSION", help="only these, as in pytest: 'finalize.once or remove'"
    )
    parser.add_argument(
        "-n",
        dest="processes",
        metavar="N",
        type=_processes,
        default="0",
        help="spread over so many processes, or over one a core: auto (pytest-xdist)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="list what would be checked, and send nothing"
    )
    parser.add_argument(
        "--write-waivers",
        action="store_true",
        help=f"draft a waiver for each deviation, in the file of --waivers or ./{WAIVERS}",
    )
    parser.set_defaults(run=_verify)


def _add_options(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    for option in options:
        text = f"{option.help} [{option.variable}]"
        if option.is_flag:
            parser.add_argument(f"--{option.name}", action="store_true", default=None, help=text)
        else:
            parser.add_argument(f"--{option.name}", metavar=option.metavar, help=text)


def _settings(chosen: argparse.Namespace) -> Settings:
    return resolve({option.key: getattr(chosen, option.key, None) for option in OPTIONS})


def _verify(chosen: argparse.Namespace) -> int:
    settings = _settings(chosen)
    is_alone = chosen.processes == "0" and not (chosen.dry_run or chosen.write_waivers)
    needed = is_alone and settings.base_url is None
    with started_ahead(needed=needed) as server, garbage.collected_late():
        # Imported here, as in the other commands: what one needs would delay all, and `--help` too;
        # pytest and hypothesis by half a second, in which the server comes up.
        from virtool_contract.reports import baseline  # noqa: PLC0415 - see above
        from virtool_contract.verify import draft_waivers, verify  # noqa: PLC0415 - see above

        contract = loading.load(settings.spec)
        if chosen.write_waivers and not chosen.dry_run:
            return draft_waivers(settings, selection=chosen.k, processes=chosen.processes)
        waivers.load(settings.waivers, contract)
        baseline.load(settings, contract)
        return verify(
            settings,
            selection=chosen.k,
            dry_run=chosen.dry_run,
            processes=chosen.processes,
            ahead=server,
        )


def _processes(text: str) -> str:
    if text != "auto" and not (text.isascii() and text.isdigit() and int(text) <= MOST_PROCESSES):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of processes from 0 to {MOST_PROCESSES}; try auto"
        )
    return text


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Set up fresh subjects, send the scenario of a violation again, and show each exchange; "
        "with no --base-url, to the embedded reference server."
    )
    parser.epilog = "exit codes: 0 kept, 1 still broken, 2 usage, 3 could not test"
    parser.add_argument("report", metavar="REPORT", help="the report.json of a run")
    parser.add_argument("clause", metavar="CLAUSE", help="a clause that it says is broken")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--as-curl",
        dest="form",
        action="store_const",
        const="bash",
        help="send nothing, and print a bash script that does",
    )
    form.add_argument(
        "--as-pytest",
        dest="form",
        action="store_const",
        const="pytest",
        help="send nothing, and print a pytest file that does",
    )
    _add_options(parser, (option for option in OPTIONS if option.is_of_the_target))
    parser.set_defaults(run=_replay)


def _replay(chosen: argparse.Namespace) -> int:
    from virtool_contract import replay_command  # noqa: PLC0415 - see _verify
    from virtool_contract.reports import reading  # noqa: PLC0415 - see _verify

    settings = _settings(chosen)
    recorded = reading.read(chosen.report)
    deviation = replay_command.find(recorded, chosen.clause)
    if chosen.form:
        return replay_command.write(settings, recorded, deviation, chosen.form)
    return replay_command.replay(settings, recorded, deviation)


def _add_validate(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Judge what was recorded: each answer, and what became of each analysis. Nothing is sent. "
        "--base-url leaves out what went elsewhere; without it, any host will do."
    )
    parser.add_argument(
        "traffic", metavar="TRAFFIC.har", help="a HAR, or a .jsonl file with an entry a line"
    )
    _add_options(parser, (option for option in OPTIONS if option.is_of_traffic))
    parser.set_defaults(run=_validate)


def _validate(chosen: argparse.Namespace) -> int:
    from virtool_contract.validate_command import validate_file  # noqa: PLC0415 - see _verify

    return validate_file(_settings(chosen), chosen.traffic)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.description = "Compare two runs clause by clause: newly broken, still broken, fixed."
    parser.epilog = (
        "exit codes: 0 nothing newly broken, 1 newly broken, 2 usage, 3 a run could not test"
    )
    parser.add_argument("old", metavar="OLD.json", help="the report.json of the earlier run")
    parser.add_argument("new", metavar="NEW.json", help="the report.json of the later run")
    parser.add_argument(
        "--format", choices=("text", "markdown"), default="text", help="text (default), markdown"
    )
    parser.set_defaults(run=_compare)


def _compare(chosen: argparse.Namespace) -> int:
    from virtool_contract.compare_command import compare_files  # noqa: PLC0415 - see _verify

    return compare_files(chosen.old, chosen.new, chosen.format)


def _add_merge(parser: argparse.ArgumentParser) -> None:
    parser.description = "Merge the reports of runs that share a campaign: all that they have seen."
    parser.epilog = "exit codes: as verify; 3 also where one of the runs could not test"
    parser.add_argument("reports", metavar="REPORT", nargs="+", help="the report.json of a run")
    parser.add_argument("-o", "--output", metavar="OUT.json", help="write a report.json there")
    parser.add_argument("--report-dir", metavar="DIR", help="write every kind of report there")
    parser.add_argument("--spec", metavar="FILE", help="another contract than the bundled one")
    parser.set_defaults(run=_merge)


def _merge(chosen: argparse.Namespace) -> int:
    from virtool_contract.merge_command import merge_files  # noqa: PLC0415 - see _verify

    return merge_files(
        chosen.reports, output=chosen.output, report_dir=chosen.report_dir, spec=chosen.spec
    )


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.description = "Run the reference server, which is its own provider, until Ctrl-C."
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: loopback)"
    )
    parser.add_argument(
        "--port", type=_port, default=9950, help="0 picks a free one (default: 9950)"
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="break it this way (repeatable)",
    )
    parser.add_argument(
        "--freedom",
        action="append",
        default=[],
        metavar="NAME",
        help="differ this correct way (repeatable)",
    )
    parser.add_argument("--list-faults", action="store_true", help="print the faults and stop")
    parser.add_argument("--list-freedoms", action="store_true", help="print the freedoms and stop")
    parser.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=_serve)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; try 9950, or 0 for a free one")
    return int(text)


def _serve(chosen: argparse.Namespace) -> int:
    from virtool_contract.serve import list_catalogue, serve  # noqa: PLC0415 - see _verify

    if chosen.list_faults or chosen.list_freedoms:
        return list_catalogue(freedoms=chosen.list_freedoms)
    return serve(
        chosen.host,
        chosen.port,
        faults=chosen.fault,
        freedoms=chosen.freedom,
        until_stdin_closes=chosen.until_stdin_closes,
    )


def _add_clauses(parser: argparse.ArgumentParser) -> None:
    parser.description = "List the clauses of the contract: what a server must, should and may do."
    parser.add_argument(
        "--format", choices=clauses.FORMATS, default="table", help="table (default), markdown, json"
    )
    parser.add_argument("--spec", metavar="FILE", help="another contract than the bundled one")
    parser.set_defaults(run=_clauses)


def _clauses(chosen: argparse.Namespace) -> int:
    print(clauses.FORMATS[chosen.format](loading.load(chosen.spec)), end="")
    return CONFORMS


def _add_check_docs(parser: argparse.ArgumentParser) -> None:
    parser.description = "Compare a documentation page with the contract, both ways."
    parser.add_argument("page", metavar="PAGE.md", type=Path)
    parser.add_argument("--spec", metavar="FILE", help="another contract than the bundled one")
    parser.set_defaults(run=_check_docs)


def _check_docs(chosen: argparse.Namespace) -> int:
    from virtool_contract.check_docs_command import check_docs  # noqa: PLC0415 - see _verify

    return check_docs(chosen.page, chosen.spec)
