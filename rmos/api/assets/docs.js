// Draws the document of this service; `Try it out` sends to the service itself and nowhere else.
const page = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => page.classList.toggle("dark-mode", page.dataset.theme ? page.dataset.theme === "dark" : dark.matches);
follow();
dark.addEventListener("change", follow);
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#operations",
    deepLinking: true,
    validatorUrl: null, // nothing is sent to a validator elsewhere
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
  });
});
