// Enhancements: relative times, a character counter, drafts, Ctrl+Enter, a notice of new
// messages. Every page works without them.
"use strict";

const MINUTE = 60_000;

// Relative times, updated every minute; the date moves to the title. The page of a message,
// to which its time leads, shows the date itself, for touch and keyboard.
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["year", 31_557_600], ["month", 2_629_800], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60]];

function sinceThen(date) {
  const seconds = (Date.now() - date) / 1000;
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? [];
  return unit ? relative.format(-Math.floor(seconds / size), unit) : "just now";
}

function showTimes() {
  for (const time of document.querySelectorAll("time")) {
    const date = new Date(time.dateTime);
    time.title = full.format(date);
    time.textContent = time.closest("[data-exact]") ? time.title : sinceThen(date);
  }
}

showTimes();
setInterval(showTimes, MINUTE);

// A form that was sent is not sent again by a second click; the server would act once.
const AGAIN = 3000;
const sentAt = new WeakMap();
addEventListener("submit", (event) => {
  const isRepeated = event.timeStamp - sentAt.get(event.target) < AGAIN;
  if (isRepeated) event.preventDefault();
  else sentAt.set(event.target, event.timeStamp);
});

// Screen readers announce a change of a live region, not what the page loads with.
const flash = document.querySelector(".flashes");
const said = flash?.textContent.trim();
if (flash) setTimeout(() => flash.replaceChildren(...flash.childNodes), 200);

// The characters left, counted as the server does: in code points. A text that is too
// long stays in the box, which says so; maxlength would cut it, and counts otherwise.
const text = document.querySelector(".post textarea");
if (text) {
  const left = document.createElement("span");
  left.className = "left";
  text.form.querySelector(".actions").prepend(left);
  const count = () => {
    const number = text.dataset.limit - [...text.value].length;
    const excess = number < 0 ? `${-number} too many` : "";
    left.textContent = excess || `${number} left`;
    left.classList.toggle("few", number < 50);
    text.setCustomValidity(excess && `The message is ${-number} too long; the limit is ${text.dataset.limit} characters.`);
  };
  text.addEventListener("input", count);
  count();
  // A reply is typed behind the name that the box begins with.
  text.setSelectionRange(text.value.length, text.value.length);

  const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);
  const hint = document.createElement("span");
  hint.className = "keys";
  hint.id = "keys";
  hint.textContent = `${isMac ? "\u2318" : "Ctrl+"}Enter shares`;
  left.after(hint);
  text.setAttribute("aria-describedby", [...(text.getAttribute("aria-describedby")?.split(" ") ?? []), "keys"].join(" "));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
  });
}

// Drafts: what is typed is kept by account and page until it was recorded, or until
// signing out. The flash messages are the contract's. The browser may refuse to store.
const DRAFT = "draft ";
const account = document.body.dataset.account;

function dropDrafts(isDropped) {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(DRAFT));
  for (const key of keys.filter(isDropped)) localStorage.removeItem(key);
}

function keepDrafts() {
  if (said === "Your message was recorded") {
    const [key, value] = JSON.parse(sessionStorage.getItem("sent") ?? "[]");
    if (key && localStorage.getItem(key) === value) localStorage.removeItem(key);
  }
  sessionStorage.removeItem("sent");
  if (said?.startsWith("You were logged out")) dropDrafts(() => true);
  if (!account) return;
  dropDrafts((key) => !key.startsWith(`${DRAFT}${account} `));
  if (text) keepDraft(`${DRAFT}${account} ${location.pathname}`);
}

function keepDraft(key) {
  const show = (draft) => {
    text.value = draft;
    text.dispatchEvent(new Event("input"));
  };
  const draft = localStorage.getItem(key);
  // A form may begin with what the server put there: a name, or a text that was refused.
  if (draft?.startsWith(text.value)) show(draft);
  text.addEventListener("input", () => {
    if (text.value) localStorage.setItem(key, text.value);
    else localStorage.removeItem(key);
  });
  text.form.addEventListener("submit", () => {
    sessionStorage.setItem("sent", JSON.stringify([key, text.value]));
  });
  // Shared, or signed out, in another window.
  addEventListener("storage", (event) => {
    if (event.key === key && event.newValue === null && text.value === event.oldValue) show("");
  });
}

try {
  keepDrafts();
} catch (error) {
  if (!(error instanceof DOMException)) throw error;
}

// "5 new messages" above the timeline. Only a visible page polls, with an interval that
// grows, so that a forgotten window hardly polls at all.
const timeline = document.querySelector("[data-newer]");
if (timeline) {
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.setAttribute("role", "status");
  timeline.before(notice);
  let pause = MINUTE / 2;
  const show = (number) => {
    const link = document.createElement("a");
    link.className = "new";
    link.href = location.pathname;
    link.textContent = number === 1 ? "1 new message" : `${number} new messages`;
    notice.replaceChildren(link);
  };
  const ask = async () => {
    pause = Math.min(pause * 1.3, 10 * MINUTE);
    if (!document.hidden) {
      const answer = await fetch(timeline.dataset.newer).catch(() => null);
      const number = answer?.ok ? Number(await answer.text()) : 0;
      if (number) show(number);
    }
    setTimeout(ask, pause * (0.8 + 0.4 * Math.random()));
  };
  setTimeout(ask, pause);
}
