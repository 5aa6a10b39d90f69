"""Answer one SMT-LIB query, as halmos asks them: build/audit/bin/python scripts/audit/solve.py QUERY.

Bits first: Bitwuzla decides most in a tenth of a second. What multiplies and divides numbers of 96 bits is beyond it:
cvc5 takes words for integers, to which the laws of arithmetic apply. Prints `sat` and a model, `unsat`, or `unknown`.
"""

from __future__ import annotations

import sys

import bitwuzla
import cvc5

MILLISECONDS = 5000


def main() -> None:
    """Print what the first solver says that knows."""
    query = sys.argv[1]
    print(by_bits(query) or by_integers(query))


def by_bits(query: str) -> str:
    """What Bitwuzla says; nothing if it takes longer than it may."""
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    options.set(bitwuzla.Option.TIME_LIMIT_PER, MILLISECONDS)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    parser.parse(query, True)  # all but `check-sat`
    solver = parser.bitwuzla()
    result = solver.check_sat()
    if result == bitwuzla.Result.UNKNOWN:
        return ""
    if result == bitwuzla.Result.UNSAT:
        return "unsat"
    # functions too: by their names halmos sees that the model is of its abstraction, and asks again with all in it
    named = parser.get_declared_funs()
    return "\n".join(["sat", *(f"(define-fun |{term}| () {term.sort()} {solver.get_value(term)})" for term in named)])


def by_integers(query: str) -> str:
    """What cvc5 says, however long it takes."""
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("solve-bv-as-int", "sum")
    solver.setOption("produce-models", "true")
    parser = cvc5.InputParser(solver)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, query)
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said += command.invoke(solver, parser.getSymbolManager())
        if said.startswith("unsat"):
            break  # there is no model to get
    return said.strip()


if __name__ == "__main__":
    main()
