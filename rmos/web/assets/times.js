// Shows the times of a page in the reader's own zone; the title keeps UTC. Without it they stay in UTC, which they say.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function say(moment, now) {
  if (moment.toDateString() === now.toDateString()) return clock.format(moment);
  const date = moment.getFullYear() === now.getFullYear() ? day : dayOfYear;
  return `${date.format(moment)} ${clock.format(moment)}`;
}

export function localise(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    element.title = `${whole.format(moment)} – ${element.dateTime}`;
    element.textContent = say(moment, now);
  }
}

localise(document);
