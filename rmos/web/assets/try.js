// Follows the form of a cut that is tried: sliders, and the page's parts asked for again while a hand moves one; the map
// first with few places, with more of them when the hand rests. What is asked for and not needed any more is cancelled.

const SOON_MS = 60;
const REST_MS = 250;
const STEPS = 1000;
const form = document.querySelector("[data-try]");
const root = document.body.dataset.root;
const field = (name) => form.elements.namedItem(name);
let reach = {};
let running = null;
let again = false;
let soon = 0;
let rest = 0;

function query() {
  return new URLSearchParams(new FormData(form)).toString();
}

function ask(steps) {
  // Not fetch: this reads the parts as a document, so that no text is ever turned into one here.
  const request = new XMLHttpRequest();
  running = { request, steps };
  request.open("GET", `${root}/try/map?${query()}&steps=${steps}`);
  request.responseType = "document";
  request.setRequestHeader("Accept", "text/html");
  request.onload = () => {
    if (request.status === 200 && request.response) place(request.response);
    if (steps === "fine") history.replaceState(null, "", `${root}/try?${query()}`);
  };
  request.onerror = () => warn("The service does not answer; the decision is still of the numbers before.");
  request.onloadend = () => {
    if (running?.request === request) running = null;
    if (steps === "fine" || running) return;
    if (again) changed();
    else rest = setTimeout(() => ask("fine"), REST_MS);
  };
  request.send();
}

function place(parts) {
  for (const part of parts.querySelectorAll("[data-part]")) {
    const old = document.querySelector(`[data-part=${part.dataset.part}]`);
    if (!old) continue;
    const open = [...old.querySelectorAll("details")].map((details) => details.open);
    part.querySelectorAll("details").forEach((details, number) => { details.open = open[number] ?? false; });
    part.dataset.reach ??= old.dataset.reach ?? "";
    old.replaceWith(document.adoptNode(part));
  }
  follow();
}

// A map of many places is cancelled by the next change; one of few places is waited for, so that there is one at a time.
function changed() {
  clearTimeout(rest);
  const isRead = check();
  again = running?.steps === "coarse";
  if (running?.steps === "fine") running.request.abort();
  if (again || !isRead) return;
  soon ||= setTimeout(() => {
    soon = 0;
    ask("coarse");
  }, SOON_MS);
}

// What cannot be read as a number is not asked for; what is shown is then of the numbers before it, and says so.
function check() {
  const wrong = [...form.querySelectorAll("[inputmode]")].filter((input) => {
    const isWrong = !(Number(input.value.replace(",", ".")) >= 0);
    input.toggleAttribute("aria-invalid", isWrong);
    return isWrong;
  });
  warn(wrong.length ? "A number cannot be read; the decision is still of the one before." : "");
  return wrong.length === 0;
}

function warn(text) {
  const place = document.querySelector("[data-slip]");
  place.textContent = text;
  place.hidden = !text;
}

// Sliders go by ratios: half way from 100 to 10 000 is 1000.

function slideTo(slider) {
  const [low, high] = reach[slider.dataset.slides] ?? [];
  const value = Number(field(slider.dataset.slides).value.replace(",", "."));
  if (low && value > 0) slider.value = (Math.log(value / low) / Math.log(high / low)) * STEPS;
  slider.setAttribute("aria-valuetext", field(slider.dataset.slides).value);
}

function slid(slider) {
  const [low, high] = reach[slider.dataset.slides];
  field(slider.dataset.slides).value = String(Number((low * (high / low) ** (slider.value / STEPS)).toPrecision(3)));
  slider.setAttribute("aria-valuetext", field(slider.dataset.slides).value);
}

// The map: what a place is, and what it takes.

const SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const COLOURS = { G: "GREEN", Y: "YELLOW", R: "RED", U: "UNKNOWN", E: "ERROR" };

function tell(name, value) {
  const [title, unit] = field(name).labels[0].childNodes;
  return `${title.textContent.trim()} ${value} ${unit?.textContent ?? ""}`;
}

function placeAt(map, event) {
  const { x, y, names, colours, rulesAt, rules } = map.dataset;
  const [xs, ys] = [x.split(" "), y.split(" ")];
  const box = map.querySelector("[data-plot]").getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * xs.length);
  const row = ys.length - 1 - Math.floor(((event.clientY - box.top) / box.height) * ys.length);
  if (!(column in xs) || !(row in ys)) return null;
  const index = row * xs.length + column;
  const [across, up] = names.split(" ");
  const rule = rules.split(" ")[SIGNS.indexOf(rulesAt[index])]?.toLowerCase().replaceAll("_", " ");
  const colour = COLOURS[colours[index]] + (rule ? `, ${rule}` : "");
  return { values: { [across]: xs[column], [up]: ys[row] }, colour };
}

function follow() {
  const map = document.querySelector("[data-part=map]");
  const plot = map?.querySelector("svg.map");
  for (const entry of map?.dataset.reach?.split(";") ?? []) {
    const [name, low, high] = entry.split(" ");
    if (name) reach[name] = [Number(low), Number(high)];
  }
  for (const slider of form.querySelectorAll("[data-slides]")) {
    slider.hidden = slider.disabled = !reach[slider.dataset.slides];
    if (slider !== document.activeElement) slideTo(slider);
  }
  for (const part of form.querySelectorAll("[data-operations]")) {
    part.hidden = !part.dataset.operations.split(" ").includes(field("operation").value);
  }
  if (!plot) return;
  const says = map.querySelector("[data-hover]");
  plot.addEventListener("pointermove", (event) => {
    const found = placeAt(map, event);
    if (!found) return;
    const settings = Object.entries(found.values).map(([name, value]) => tell(name, value));
    says.textContent = `${settings.join(", ")}: ${found.colour}. Click to take it.`;
  });
  plot.addEventListener("click", (event) => {
    const found = placeAt(map, event);
    if (!found) return;
    for (const [name, value] of Object.entries(found.values)) field(name).value = value;
    changed();
  });
}

// A page on which something is wrong has nothing to follow yet: its form works as it does without this module.
if (document.querySelector("[data-part=verdict]")) {
  form.addEventListener("input", (event) => {
    if (event.target.dataset.slides) slid(event.target);
    changed();
  });
  form.querySelector("[data-show]").hidden = true;
  follow();
  rest = setTimeout(() => ask("fine"), REST_MS);
}
