// Draws the document of this service; `Try it out` sends to the service itself and nowhere else.
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
