// A phone's camera instead of a hand scanner, where the browser itself reads codes. The picture does not leave the phone.
(() => {
  const place = document.querySelector("[data-photo]");
  if (!place || !("BarcodeDetector" in window)) return;
  place.hidden = false;
  place.querySelector("input").addEventListener("change", async (event) => {
    const picture = event.target.files[0];
    if (!picture) return;
    const found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(picture));
    place.querySelector("[role=alert]").textContent = found.length === 1 ? "" : place.dataset.none;
    if (found.length !== 1) return;
    const form = document.querySelector("#bind");
    form.elements.text.value = found[0].rawValue;
    form.requestSubmit();
  });
})();
