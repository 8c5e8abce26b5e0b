// The desk's few scripts: "/" goes to the search box; the floor's forms are sent once; the camera scans where it can.
(() => {
  "use strict";

  const typing = (element) => element && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const box = [...document.querySelectorAll("[data-find]")].find((input) => input.offsetParent !== null);
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // A second tap while the first is on its way changes nothing; after ten seconds the same form, with the same
  // key, may be sent again: the server answers a repeat with the first answer.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-once]");
    if (!form) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    const button = event.submitter;
    if (button) button.setAttribute("aria-busy", "true");
    setTimeout(() => {
      delete form.dataset.sent;
      if (button) button.removeAttribute("aria-busy");
    }, 10000);
  });

  const FORMATS = ["qr_code", "ean_13", "ean_8", "code_128", "upc_a"];

  async function scan(form, input, stop) {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    const video = document.createElement("video");
    video.srcObject = stream;
    video.setAttribute("playsinline", "");
    form.append(video);
    await video.play();
    const detector = new BarcodeDetector({ formats: FORMATS });
    const end = () => {
      stream.getTracks().forEach((track) => track.stop());
      video.remove();
    };
    stop(end);
    const look = async () => {
      if (!video.isConnected) return;
      const codes = await detector.detect(video).catch(() => []);
      if (codes.length) {
        end();
        input.value = codes[0].rawValue;
        form.requestSubmit();
        return;
      }
      setTimeout(look, 200);
    };
    look();
  }

  // Unfold hides the page until its scripts are ready, and a hidden field takes no focus: give it now.
  document.addEventListener("alpine:initialized", () => {
    requestAnimationFrame(() => {
      const field = document.querySelector("[autofocus]");
      if (field && !typing(document.activeElement)) field.focus();
    });
  });

  // How far an import is: fetched anew every two seconds until it has ended, then the page with what came of it.
  const follow = (box) => {
    const again = async () => {
      const answer = await fetch(box.dataset.refresh, { credentials: "same-origin" }).catch(() => null);
      const ended = answer?.headers.get("X-Ended") === "1";
      if (answer?.ok) box.innerHTML = await answer.text();
      if (!ended) setTimeout(again, 2000);
      else location.reload();
    };
    setTimeout(again, 2000);
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-refresh]").forEach(follow);
    const able = "BarcodeDetector" in window && navigator.mediaDevices;
    document.querySelectorAll("[data-camera]").forEach((button) => {
      if (!able) return;
      button.hidden = false;
      let end = null;
      button.addEventListener("click", () => {
        if (end) {
          end();
          end = null;
          return;
        }
        const form = button.closest("form");
        scan(form, form.querySelector("input[data-scan]"), (stop) => { end = stop; }).catch(() => { button.hidden = true; });
      });
    });
    document.querySelectorAll("[data-submit-on-change]").forEach((field) => {
      field.addEventListener("change", () => field.form.requestSubmit());
    });
    document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => window.print()));
  });
})();
