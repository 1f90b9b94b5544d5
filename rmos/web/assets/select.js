// Says how many runs are selected, and lets only as many be compared as fit side by side.

const MOST = 6;
const form = document.querySelector("[data-select]");

function count() {
  const selected = form.querySelectorAll("input[name=run]:checked").length;
  const button = form.querySelector("[data-compare]");
  button.disabled = selected < 2 || selected > MOST;
  form.querySelector("[data-selected]").textContent =
    selected === 0 ? "Select two to six runs to compare them." : `${selected} selected${selected > MOST ? `, ${MOST} at most` : ""}`;
}

if (form) {
  form.addEventListener("change", count);
  addEventListener("pageshow", count);
  count();
}
