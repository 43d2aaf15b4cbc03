// The order of pages in a slot, and sketches that are sent through the browser.
"use strict";

// ── the order of pages in a slot: by buttons or by dragging
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]"), item = button?.closest("li");
  if (!item) return;
  const other = button.dataset.move === "1" ? item.nextElementSibling : item.previousElementSibling;
  if (other) { button.dataset.move === "1" ? other.after(item) : other.before(item); button.focus(); }
});

let dragged = null;
document.addEventListener("dragstart", (event) => { dragged = event.target.closest("[data-order] li"); });
document.addEventListener("dragover", (event) => {
  const over = event.target.closest("[data-order] li");
  if (!dragged || !over || over === dragged) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  event.clientX > box.left + box.width / 2 ? over.after(dragged) : over.before(dragged);
});
document.addEventListener("dragend", () => { dragged = null; });

// ── sketches that are sent, in pieces: each goes behind what is there, so a dropped connection only takes time
const PIECE = 2 * 1024 * 1024;
let sending = Promise.resolve();

document.addEventListener("change", (event) => {
  const room = event.target.closest("[data-upload]");
  if (room && event.target.files) { choose(room, event.target.files); event.target.value = ""; }
});
document.addEventListener("dragover", (event) => { if (event.target.closest?.("[data-upload]")) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  const room = event.target.closest?.("[data-upload]");
  if (room) { event.preventDefault(); choose(room, event.dataTransfer.files); }
});

function choose(room, files) {
  const button = room.parentElement.querySelector("button.main");
  button.disabled = true;
  for (const file of files) sending = sending.then(() => send(room, file));
  sending = sending.then(() => { button.disabled = false; });
}

async function send(room, file) {
  const row = rowOf(room, file), bar = row.querySelector("progress"), said = row.querySelector(".said");
  const begun = await ask(room, "/files", new URLSearchParams({ name: file.name, size: file.size, stamp: file.lastModified }));
  let { offset, problem } = begun;
  while (!problem && offset < file.size) {
    bar.value = offset;
    const piece = file.slice(offset, offset + PIECE);
    ({ offset, problem } = await ask(room, `/files/${begun.file}`, piece, { "Upload-Offset": offset, "Content-Type": "application/octet-stream" }));
  }
  bar.value = problem ? 0 : file.size;
  said.textContent = problem ?? room.dataset.done;
  const detail = { row }; // whoever shows it on the page says when that is done
  if (!problem) row.dispatchEvent(new CustomEvent("sent", { bubbles: true, detail }));
  await detail.renewed;
}

function rowOf(room, file) {
  const list = room.querySelector(".files");
  const there = [...list.children].find((row) => row.firstElementChild.textContent === file.name);
  if (there) return there;
  const row = document.createElement("li"), name = document.createElement("span"), bar = document.createElement("progress");
  const said = document.createElement("span");
  name.textContent = file.name; bar.max = file.size; bar.value = 0; bar.setAttribute("aria-label", file.name); said.className = "said";
  row.append(name, " ", bar, " ", said);
  list.append(row);
  return row;
}

async function ask(room, path, body, headers = {}) {
  const status = room.querySelector("[role=status]");
  for (let wait_ms = 500; ; wait_ms = Math.min(30_000, 2 * wait_ms)) {
    try {
      const how = { method: "POST", body, redirect: "manual", headers: { ...headers, "X-CSRF-Token": room.dataset.token } };
      const answer = await fetch(room.dataset.upload + path, how);
      if (answer.type === "opaqueredirect") location.reload();
      if (answer.ok || [409, 422].includes(answer.status)) { status.textContent = ""; return await answer.json(); }
      if (answer.status < 500) {
        const told = await answer.json().catch(() => ({})); // a proxy on the way answers otherwise
        return { problem: told.problem ?? `${answer.status} ${answer.statusText}` };
      }
    } catch { /* the connection is away: again, a little later */ }
    status.textContent = room.dataset.away;
    await new Promise((done) => setTimeout(done, wait_ms));
  }
}
