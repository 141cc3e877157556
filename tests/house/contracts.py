"""Runs the import contracts of one pyproject.toml on the rooms that Python finds; names the broken ones."""

from __future__ import annotations

import sys
from typing import Any

from importlinter import api
from importlinter.application.use_cases import create_report, read_user_options
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import registry

TYPES: dict[str, Any] = {"forbidden": ForbiddenContract, "layers": LayersContract}


def broken_contracts(configuration: str) -> list[str]:
    """Names of the contracts that do not hold; raises when a contract cannot be checked at all."""
    for name, contract_type in TYPES.items():
        registry.register(contract_type, name)
    report = create_report(read_user_options(configuration), cache_dir=None)
    if report.could_not_run:
        message = f"contracts that cannot be read: {report.invalid_contract_options}"
        raise ValueError(message)
    checked = list(report.get_contracts_and_checks())
    if len(checked) != len(api.read_configuration(configuration)["contracts_options"]):
        message = "not every contract was checked"
        raise ValueError(message)
    return [contract.name for contract, check in checked if not check.kept]


if __name__ == "__main__":
    print("\n".join(broken_contracts(sys.argv[1])))
