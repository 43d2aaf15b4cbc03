// For candidates at home: opening a link, and the pages of what is handed in.
"use strict";

// ── the secret stands behind the #, which no server sees: it is sent once, in a form, and leaves the address at once
function openLink() {
  const form = document.querySelector("[data-open-link]"), secret = location.hash.slice(1);
  if (!form || !secret) return;
  history.replaceState(null, "", location.pathname);
  form.elements.code.value = secret;
  form.submit();
}
window.addEventListener("hashchange", openLink);
openLink();

// ── a file has come in whole (sending.js): its row goes, and it stands among the pages
document.addEventListener("sent", (event) => {
  const room = event.target.closest("[data-pages]");
  if (room) event.detail.renewed = renew(room, event.detail.row);
});

async function renew(room, row) {
  await htmx.ajax("GET", room.dataset.pages, { target: "#pages", select: "#pages", swap: "outerHTML" });
  row.remove();
}
