// Keys for lists: / finds, j and k move, x selects, c compares, Enter opens, g t, g r and g j go, ? is the help. They do
// nothing in fields or with other keys held, and can be switched off on the page of help (WCAG 2.1.4).

const OFF = "rmos-keys-off";
const rows = [...document.querySelectorAll("tr[data-run]")];
let here = -1;
let went = false;

function stored() {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
}

function go(path) {
  location.assign(document.body.dataset.root + path);
}

function move(by) {
  if (!rows.length) return;
  rows[here]?.classList.remove("here");
  here = Math.min(Math.max(here + by, 0), rows.length - 1);
  rows[here].classList.add("here");
  rows[here].querySelector(".why a").focus();
}

const keys = {
  "/": () => (document.querySelector("[data-find]") ? document.querySelector("[data-find]").focus() : go("/runs")),
  "?": () => go("/help"),
  j: () => move(1),
  k: () => move(-1),
  x: () => rows[here]?.querySelector("input[type=checkbox]")?.click(),
  c: () => document.querySelector("[data-compare]:enabled")?.click(),
  g: () => { went = true; },
};
const places = { t: "/", r: "/runs", j: "/sessions", s: "/shop/tools", h: "/help" };

addEventListener("keydown", (event) => {
  if (stored() || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const place = went ? places[event.key] : undefined;
  went = false;
  if (place) go(place);
  else if (keys[event.key]) {
    keys[event.key]();
    event.preventDefault();
  }
});

const switcher = document.querySelector("[data-keys]");
if (switcher) {
  const button = switcher.querySelector("button");
  const say = () => { button.textContent = stored() ? "Switch the keys on" : "Switch the keys off"; };
  button.addEventListener("click", () => {
    localStorage.setItem(OFF, stored() ? "0" : "1");
    say();
  });
  switcher.hidden = false;
  say();
}
