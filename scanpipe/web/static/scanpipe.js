// Keys, the viewer, and news from the queue. Everything works without it but the comfort.
"use strict";

// ── keys: an element with data-key="x" is pressed (or focused, if one can type in it) by that key; data-keys="d 1" by two.
let begun = "";

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (event.key === "Enter" && event.target.matches(".assign select")) { event.preventDefault(); event.target.form.requestSubmit(); return; }
  if (typing && event.key === "Escape") { event.target.blur(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && event.target.matches("a, button, summary")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const target = begun ? named("keys", `${begun} ${key}`) : named("key", key);
  const begins = !begun && document.querySelector(`[data-keys^="${CSS.escape(key)} "]`);
  begun = "";
  if (target) { event.preventDefault(); press(target); return; }
  if (begins) { event.preventDefault(); begun = key; announceChoices(key); return; }
  if (pan(key)) event.preventDefault();
});

function named(name, value) {
  return document.querySelector(`[data-${name}="${CSS.escape(value)}"]`);
}

function press(element) {
  if (element.matches("input:not([type=checkbox]), select")) { element.focus(); element.select?.(); } else element.click();
}

function announceChoices(key) {
  const first = document.querySelector(`[data-keys^="${CSS.escape(key)} "]`);
  first?.scrollIntoView({ block: "nearest" });
}

function showHelp() {
  const list = document.querySelector("#help dl");
  const rows = [...document.querySelectorAll("[data-key], [data-keys]")].map((element) => {
    const term = document.createElement("dt"), meaning = document.createElement("dd"), cap = document.createElement("kbd");
    cap.textContent = element.dataset.key ?? element.dataset.keys;
    term.append(cap);
    meaning.textContent = (element.labels?.[0]?.firstChild?.textContent ?? element.querySelector("b")?.textContent ?? element.textContent).trim();
    return [term, meaning];
  });
  list.replaceChildren(...rows.flat());
  document.querySelector("#help").showModal();
}

// ── the viewer
let view = null;

function openViewer() {
  const room = document.querySelector("[data-viewer]");
  const paper = room?.querySelector(".paper"), drawing = room?.querySelector(".drawing");
  view = null;
  if (!paper) return;
  view = { room, paper, drawing, scale: 1, x: 0, y: 0, bright: 1, contrast: 1 };
  for (const label of paper.querySelectorAll(".label")) {
    const right = label.dataset.x > 60; // a label that begins further right would run out of the page
    label.style[right ? "right" : "left"] = right ? `${Math.max(0, 88 - label.dataset.x)}%` : `${label.dataset.x}%`;
    label.style.top = `${label.dataset.y}%`;
  }
  if (drawing.complete && drawing.naturalWidth) fit(); else drawing.addEventListener("load", fit, { once: true });
  room.addEventListener("wheel", onWheel, { passive: false });
  dragging(room);
  const ahead = document.querySelector("[data-ahead]")?.dataset.ahead;
  if (ahead) new Image().src = ahead;
}

function fit() {
  if (!view) return;
  const { room, drawing } = view, w = drawing.naturalWidth, h = drawing.naturalHeight;
  const scale = Math.min(room.clientWidth / w, room.clientHeight / h);
  view.width = w * scale; view.height = h * scale; view.scale = 1;
  view.x = (room.clientWidth - view.width) / 2; view.y = (room.clientHeight - view.height) / 2;
  document.querySelector("main").dataset.shown = "";
  view.paper.style.width = `${view.width}px`; view.paper.style.height = `${view.height}px`;
  show();
}

function show() {
  view.paper.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  view.drawing.style.filter = `brightness(${view.bright}) contrast(${view.contrast})`;
  if (view.scale > 1.6 && view.drawing.dataset.full) {
    view.drawing.src = view.drawing.dataset.full;
    delete view.drawing.dataset.full;
  }
}

function zoom(factor, x = view.room.clientWidth / 2, y = view.room.clientHeight / 2) {
  const scale = Math.min(12, Math.max(0.5, view.scale * factor)), ratio = scale / view.scale;
  view.x = x - (x - view.x) * ratio; view.y = y - (y - view.y) * ratio; view.scale = scale;
  show();
}

function onWheel(event) {
  event.preventDefault();
  const box = view.room.getBoundingClientRect();
  zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.clientX - box.left, event.clientY - box.top);
}

function dragging(room) {
  const fingers = new Map();
  room.addEventListener("pointerdown", (e) => { fingers.set(e.pointerId, e); room.setPointerCapture(e.pointerId); });
  for (const end of ["pointerup", "pointercancel"]) room.addEventListener(end, (e) => fingers.delete(e.pointerId));
  room.addEventListener("pointermove", (e) => {
    const before = fingers.get(e.pointerId);
    if (!before) return;
    if (fingers.size === 2) {
      const other = [...fingers.values()].find((f) => f.pointerId !== e.pointerId);
      const far = (f) => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY), box = room.getBoundingClientRect();
      zoom(far(e) / Math.max(1, far(before)), (e.clientX + other.clientX) / 2 - box.left, (e.clientY + other.clientY) / 2 - box.top);
    } else { view.x += e.clientX - before.clientX; view.y += e.clientY - before.clientY; show(); }
    fingers.set(e.pointerId, e);
  });
}

function pan(key) {
  const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[key];
  if (!step || !view) return false;
  view.x += step[0]; view.y += step[1]; show();
  return true;
}

const acts = {
  in: () => zoom(1.3), out: () => zoom(1 / 1.3), fit,
  brighter: () => { view.bright = view.bright >= 1.6 ? 0.7 : view.bright + 0.3; show(); },
  contrast: () => { view.contrast = view.contrast >= 3 ? 1 : view.contrast + 0.5; show(); },
  codes: () => view.room.classList.toggle("plain"),
  original: (button) => beside(button.dataset.src, button.textContent),
  blink: (button) => {
    const now = view.drawing.getAttribute("src");
    view.drawing.src = button.dataset.src; button.dataset.src = now; delete view.drawing.dataset.full;
    view.room.classList.toggle("plain");
  },
};

function beside(src, alt) {
  const there = view.room.querySelector(".beside");
  if (there) { there.remove(); return; }
  const image = new Image();
  image.className = "beside"; image.src = src; image.alt = alt;
  view.room.append(image);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-view], [data-act]");
  if (button?.dataset.act === "help") showHelp();
  if (button?.dataset.act === "print") print();
  if (button?.dataset.view && view) acts[button.dataset.view](button);
});
addEventListener("resize", () => view && fit());

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
      if (answer.status < 500) return { problem: `${answer.status} ${answer.statusText}` };
    } catch { /* the connection is away: again, a little later */ }
    status.textContent = room.dataset.away;
    await new Promise((done) => setTimeout(done, wait_ms));
  }
}

// ── news from the queue: said, never moved under a hand
let news = null;

function listen() {
  news?.close(); news = null;
  const place = document.querySelector("#news");
  if (!place) return;
  news = new EventSource("/queue/changes");
  news.onmessage = (event) => {
    if (JSON.parse(event.data).held === Number(place.dataset.held)) return;
    place.textContent = place.dataset.said; place.hidden = false;
  };
}

// ── notices: how many, beside their link, in room that is kept for the number
const BELL_MS = 20_000;
let told = { count: 0, said: "" };

async function ring() {
  if (document.hidden || !document.querySelector("[data-bell]")) return;
  try {
    const answer = await fetch("/notices/count", { redirect: "manual" });
    if (answer.ok) { told = await answer.json(); showBell(); }
  } catch { /* the connection is away: the next time */ }
}

function showBell() {
  const place = document.querySelector("[data-bell]"), said = document.querySelector("[data-bell-said]");
  if (!place) return;
  place.textContent = told.count > 99 ? "99+" : told.count || "";
  if (said.textContent !== told.said) said.textContent = told.said;
}
setInterval(ring, BELL_MS);
document.addEventListener("visibilitychange", ring);

// data-arrived says to whoever watches (tests do) that the page is another one, and ready for keys; data-shown, that the drawing is there
function arrive() { openViewer(); listen(); showBell(); ring(); document.querySelector("main").dataset.arrived = performance.now(); }
document.addEventListener("htmx:afterSettle", (event) => { if (event.target === document.body || event.detail.boosted) arrive(); });
document.addEventListener("htmx:historyRestore", arrive);
document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", arrive) : arrive();
