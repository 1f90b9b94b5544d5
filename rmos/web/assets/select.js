// Says how many runs are selected, and lets only as many be compared as fit side by side.

const MOST = 6;
const MOST_LABELS = 20;
const form = document.querySelector("[data-select]");

function count() {
  const selected = form.querySelectorAll("input[name=run]:checked").length;
  const button = form.querySelector("[data-compare]");
  button.disabled = selected < 2 || selected > MOST;
  form.querySelector("[data-labels]").disabled = selected < 1 || selected > MOST_LABELS;
  form.querySelector("[data-selected]").textContent =
    selected === 0 ? "Select runs for their labels, or two to six to compare them." : `${selected} selected${selected > MOST_LABELS ? `, ${MOST_LABELS} at most` : selected > MOST ? `, ${MOST} at most to compare` : ""}`;
}

if (form) {
  form.addEventListener("change", count);
  addEventListener("pageshow", count);
  count();
}
