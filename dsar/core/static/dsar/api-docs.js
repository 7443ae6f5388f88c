// Starts the viewer of the API document. A file of its own: the page allows no inline script.
SwaggerUIBundle({
  url: document.getElementById("api-docs").dataset.document,
  dom_id: "#api-docs",
  deepLinking: true,
  validatorUrl: null, // no foreign host is asked about the document
});
