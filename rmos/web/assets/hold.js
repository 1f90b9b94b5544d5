// On a screen that is touched, a button of which nothing can be undone is held for a second: a glove that brushes past
// does nothing. A keyboard and a mouse press it as ever; without this module it is a plain button on a page that asks.

const HOLD_MS = 1000;
const coarse = matchMedia("(pointer: coarse)");
let count = 0;

for (const button of document.querySelectorAll("button[data-hold]")) {
  const hint = document.createElement("span");
  hint.className = "hold-hint";
  hint.id = `hold-${count += 1}`;
  hint.textContent = "Hold the button for a second.";
  button.after(hint);
  let timer = 0;

  const follow = () => {
    hint.hidden = !coarse.matches;
    if (coarse.matches) button.setAttribute("aria-describedby", hint.id);
    else button.removeAttribute("aria-describedby");
  };
  const stop = () => {
    clearTimeout(timer);
    button.classList.remove("holding");
  };
  follow();
  coarse.addEventListener("change", follow);
  button.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") return;
    button.classList.add("holding");
    timer = setTimeout(() => {
      button.classList.remove("holding");
      button.form.requestSubmit(button);
    }, HOLD_MS);
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(name, stop);
  button.addEventListener("contextmenu", (event) => { if (coarse.matches) event.preventDefault(); });
  button.addEventListener("click", (event) => {
    // A press of a key has no pointer; requestSubmit makes no click.
    if (event.pointerType === "touch" || event.pointerType === "pen") event.preventDefault();
  });
}
