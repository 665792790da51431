"""The rows of the contract that every MiniTwit passes, a new one or a used one."""

from tests.contract import (
    follows,
    hostile,
    hostile_text,
    messages,
    register,
    routes,
    sessions,
    simulator,
    web,
)

CONTRACT = (
    follows,
    hostile,
    hostile_text,
    messages,
    register,
    routes,
    sessions,
    simulator,
    web,
)
