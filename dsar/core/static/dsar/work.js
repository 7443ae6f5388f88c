// Solves the small sum of the page while the answers are being read, and fills it into the form (ALTCHA, version 2).
// Without this script, or where it fails, the form is sent all the same and a person looks at it first.
"use strict";
(() => {
  const field = document.querySelector("input[data-work]");
  if (!field || !window.crypto || !crypto.subtle) return;
  const PATIENCE = 8000; // milliseconds that a pressed button waits for the sum
  const BATCH = 500; // between two batches the page may do something else
  const form = field.form;
  const challenge = JSON.parse(field.dataset.work);
  const { keyPrefix, nonce, salt } = challenge.parameters;
  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const head = [...bytes(salt), ...bytes(nonce)];

  const solve = async () => {
    const began = Date.now();
    const prefix = bytes(keyPrefix);
    for (let first = 0; ; first += BATCH) {
      const derived = await Promise.all(Array.from({ length: BATCH }, (_, index) => {
        const data = new Uint8Array([...head, 0, 0, 0, 0]);
        new DataView(data.buffer).setUint32(head.length, first + index);
        return crypto.subtle.digest("SHA-256", data);
      }));
      const index = derived.findIndex((one) => {
        const key = new Uint8Array(one);
        return prefix.every((byte, place) => key[place] === byte);
      });
      if (index >= 0) {
        const solution = { counter: first + index, derivedKey: hex(derived[index]), time: Date.now() - began };
        field.value = btoa(JSON.stringify({ challenge, solution }));
        return;
      }
    }
  };

  const solved = solve().catch(() => {});
  let waiting = false;
  let waited = false;
  form.addEventListener("submit", (event) => {
    if (field.value || waited || !event.submitter || event.submitter.value !== "send") return;
    event.preventDefault();
    if (waiting) return;
    waiting = true;
    form.setAttribute("aria-busy", "true");
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    Promise.race([solved, patience]).then(() => {
      waited = true;
      form.requestSubmit(event.submitter);
    });
  });
})();
