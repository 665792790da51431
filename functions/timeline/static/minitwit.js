// Enhancements: relative times, a character counter, a notice of new messages. Every
// page works without them.
"use strict";

const MINUTE = 60_000;

// Relative times, updated every minute; the date moves to the title.
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
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
    time.textContent = sinceThen(date);
  }
}

showTimes();
setInterval(showTimes, MINUTE);

// Screen readers announce a change of a live region, not what the page loads with.
const flash = document.querySelector(".flashes");
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
