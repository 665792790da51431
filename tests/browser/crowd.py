"""Users and messages that fill the pages for tests and screenshots."""

import httpx

SIMULATOR = httpx.BasicAuth("simulator", "super_safe!")
PASSWORD = "correct horse"

_PEOPLE = ("alice", "bob", "Roger Histand", "charlie", "Mellie Yost", "Ærlig Sørensen")
_SENTENCES = (
    "Good morning! The coffee is ready and the tests are green.",
    "Read this before you rename a volume: https://example.org/runbooks/volumes",
    "@alice I am on the 14:05, see you at the station.",
    "Does anybody know a good place for lunch near the harbour?",
    "Three things I learned today:\n1. measure\n2. measure again\n3. then change it",
    '<b>bold</b> claims & "quotes" stay exactly as you type them',
    "It rains.",
    "Thanks @bob, that was the missing piece. The graph is flat again, and it has "
    "been flat for an hour now while the simulator runs at full speed.",
    "Rødgrød med fløde på søndag: hvem kommer?",
    "Release 1.4 is out: https://example.org/releases/1.4 (nobody was signed out)",
)


def gather(url: str) -> None:
    """Register the users, let them follow each other and post."""
    with httpx.Client(base_url=url, auth=SIMULATOR) as simulator:
        for name in (*_PEOPLE, "newcomer"):
            account = {"username": name, "email": "a@example.org", "pwd": PASSWORD}
            simulator.post("/register", json=account).raise_for_status()
        for name in _PEOPLE[1:]:
            _follow(simulator, name, "alice")
            _follow(simulator, "alice", name)
        for number in range(35):
            author = _PEOPLE[number * 5 % len(_PEOPLE)]
            content = {"content": _SENTENCES[number % len(_SENTENCES)]}
            simulator.post(f"/msgs/{author}", json=content).raise_for_status()


def _follow(simulator: httpx.Client, follower: str, followed: str) -> None:
    path = f"/fllws/{follower}"
    simulator.post(path, json={"follow": followed}).raise_for_status()
