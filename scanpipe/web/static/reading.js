// A phone's camera instead of a hand scanner. Where the browser itself reads codes, the picture does not leave the phone; else it is
// sent, made smaller: codes that fill a hand are read at that size, and a slow line carries it.
(() => {
  const LONGEST_PX = 1800;
  const place = document.querySelector("[data-photo]");
  if (!place) return;
  const form = document.querySelector("#bind");
  const input = place.querySelector("input");

  const readHere = async (picture) => {
    if (!("BarcodeDetector" in window)) return null;
    const found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(picture);
    return found.length === 1 ? found[0].rawValue : null;
  };

  const smaller = async (picture) => {
    const share = Math.min(1, LONGEST_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width * share, picture.height * share].map(Math.round);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const body = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    const files = new DataTransfer();
    files.items.add(new File([body], "photo.jpg", { type: "image/jpeg" }));
    return files.files;
  };

  input.addEventListener("change", async () => {
    if (!input.files.length) return;
    try {
      const picture = await createImageBitmap(input.files[0]);
      const text = await readHere(picture);
      if (text) {
        form.elements.text.value = text;
        input.value = "";
      } else {
        input.files = await smaller(picture);
      }
    } catch {
      // what the browser cannot open is sent as it is
    }
    form.requestSubmit();
  });
})();
