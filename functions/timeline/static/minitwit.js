// Small comforts. Every page says the same and does the same without them.
"use strict";

const MINUTE = 60_000;

// Times that stay right: "5 minutes ago" instead of a date, which moves to the title.
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

// Screen readers speak what changes, not what comes with the page.
const flash = document.querySelector(".flashes");
if (flash) setTimeout(() => flash.replaceChildren(flash.textContent), 200);

// The characters left. They are counted as the server does: a line break is two.
const text = document.querySelector(".post textarea");
if (text) {
  const left = document.createElement("span");
  left.className = "left";
  text.form.querySelector(".actions").prepend(left);
  const count = () => {
    const number = text.maxLength - [...text.value.replaceAll("\n", "\r\n")].length;
    left.textContent = `${number} left`;
    left.classList.toggle("few", number < 50);
  };
  text.addEventListener("input", count);
  count();
}

// "5 new messages" above the timeline. Only a page that somebody looks at asks, each
// time after a longer pause, so that a forgotten window hardly asks at all.
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
