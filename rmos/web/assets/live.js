// Looks for new runs every five seconds while the page is seen, and says how many there are; nothing moves by itself.
// The server answers 304 as long as the page would be the same.

const EVERY_MS = 5000;
const place = document.querySelector("[data-live]");
const runsOf = (root) => [...root.querySelectorAll("tr[data-run]")].map((row) => row.dataset.run);
const shown = new Set(runsOf(document));
let etag = null;

function ask() {
  // Not fetch: this reads a page as a document, so that no text is ever turned into one here.
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.setRequestHeader("Accept", "text/html");
  if (etag) request.setRequestHeader("If-None-Match", etag);
  request.onload = () => {
    if (request.status !== 200 || !request.response) return;
    etag = request.getResponseHeader("ETag");
    const fresh = runsOf(request.response).filter((run) => !shown.has(run)).length;
    place.hidden = fresh === 0;
    place.firstElementChild.textContent = `${fresh} new ↑`;
  };
  request.send();
}

if (place && !new URLSearchParams(location.search).has("cursor")) {
  setInterval(() => document.visibilityState === "visible" && ask(), EVERY_MS);
}
