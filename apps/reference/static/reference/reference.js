// Shows the document with Swagger UI. Keys that are entered stay in this tab's memory.

const place = document.querySelector("#reference");

window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  defaultModelRendering: "model",
  displayOperationId: true,
  displayRequestDuration: true,
  filter: true,
  showExtensions: true,
  validatorUrl: null,
});
