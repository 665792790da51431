"""Entry point of `python -m minitwit_cli`."""

from minitwit_cli.commands import main

main(prog_name="minitwit")
