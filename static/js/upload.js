// Sends a model in parts: by offset, so that a lost link or a closed tab costs one part at most.
(function () {
  "use strict";

  const PART_BYTES = 4 * 1024 * 1024;
  const HEAD_BYTES = 1024 * 1024;
  const LONGEST_PAUSE_MS = 30000;
  let running = null;

  class Refusal extends Error {
    constructor(status, body) {
      super(body.detail || "The portal answered " + status + ".");
      this.status = status;
      this.code = body.code || "";
      this.fields = body.fields || {};
    }
  }

  function size(bytes) {
    if (bytes < 1000) return bytes + " B";
    if (bytes < 1e6) return (bytes / 1e3).toFixed(0) + " kB";
    return (bytes / 1e6).toFixed(1) + " MB";
  }

  function duration(seconds) {
    if (!isFinite(seconds)) return "–";
    if (seconds < 60) return Math.ceil(seconds) + " s";
    return Math.floor(seconds / 60) + " min " + Math.round(seconds % 60) + " s";
  }

  function say(text) {
    const voice = document.getElementById("voice");
    if (voice) voice.textContent = text;
  }

  // Only where the browser offers it: pages without https have no digests.
  async function digest(blob) {
    if (!window.crypto || !window.crypto.subtle) return "";
    const found = await window.crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
    return Array.from(new Uint8Array(found), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  class Sending {
    constructor(area, file) {
      this.area = area;
      this.file = file;
      this.offset = 0;
      this.isPaused = false;
      this.isOver = false;
      this.marks = [];
    }

    find(name) {
      return this.area.querySelector("[data-" + name + "]");
    }

    async call(method, body, headers, url) {
      const token = this.area.querySelector("[name=csrfmiddlewaretoken]").value;
      const answer = await fetch(url || this.area.dataset.url, {
        method: method,
        body: body,
        credentials: "same-origin",
        headers: Object.assign({ "X-CSRFToken": token, Accept: "application/json" }, headers),
      });
      const said = await answer.json().catch(() => ({}));
      if (answer.status >= 500 || answer.status === 429) throw new Error("busy");
      if (!answer.ok) throw new Refusal(answer.status, said);
      return said;
    }

    // Whatever the link loses is asked for again, ever more slowly; what the portal refuses is not.
    async patiently(step) {
      let pause = 500;
      for (;;) {
        try {
          const done = await step();
          this.phase(this.isPaused ? "paused" : "sending");
          return done;
        } catch (error) {
          if (error instanceof Refusal || this.isOver) throw error;
          this.phase("no answer; trying again in " + duration(pause / 1000));
          await new Promise((resolve) => setTimeout(resolve, pause * (0.7 + 0.6 * Math.random())));
          pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
        }
      }
    }

    async announce(anew) {
      const head = this.file.slice(0, HEAD_BYTES);
      const sha256 = await digest(head);
      const facts = {
        name: this.file.name,
        size: this.file.size,
        head_bytes: sha256 ? head.size : 0,
        head_sha256: sha256,
        anew: anew,
      };
      const json = { "Content-Type": "application/json" };
      const url = this.area.dataset.announceUrl;
      return this.patiently(() => this.call("POST", JSON.stringify(facts), json, url));
    }

    async part() {
      const blob = this.file.slice(this.offset, this.offset + PART_BYTES);
      try {
        return await this.call("PATCH", blob, {
          "Content-Type": "application/offset+octet-stream",
          "Upload-Offset": String(this.offset),
        });
      } catch (error) {
        // The part may have arrived and only its answer been lost.
        if (error instanceof Refusal && error.code === "wrong-offset") return this.call("GET");
        throw error;
      }
    }

    async run(anew) {
      this.problem("");
      try {
        let standing = await this.announce(anew);
        this.show();
        say("Sending " + this.file.name + ".");
        for (;;) {
          this.offset = standing.offset;
          this.paint();
          if (standing.state !== "receiving") break;
          await this.unpaused();
          standing = await this.patiently(() => this.part());
        }
        this.finish();
      } catch (error) {
        this.refuse(error);
      }
    }

    unpaused() {
      if (!this.isPaused) return Promise.resolve();
      return new Promise((resolve) => {
        this.wake = resolve;
      });
    }

    pause() {
      this.isPaused = !this.isPaused;
      this.marks = [];
      const button = this.find("pause");
      button.textContent = this.isPaused ? "Continue" : "Pause";
      this.phase(this.isPaused ? "paused" : "sending");
      say(this.isPaused ? "Paused." : "Sending again.");
      if (!this.isPaused && this.wake) this.wake();
    }

    finish() {
      this.isOver = true;
      running = null;
      say("All bytes have arrived.");
      window.htmx.ajax("GET", this.area.dataset.stateUrl, {
        target: "#upload-state",
        swap: "outerHTML",
      });
    }

    refuse(error) {
      this.isOver = true;
      running = null;
      this.find("moving").hidden = true;
      this.find("drop").hidden = false;
      const first = Object.values(error.fields || {})[0];
      this.problem(error.message + (first ? " " + first[0] : ""));
      this.find("anew-row").hidden = error.code !== "other-file";
    }

    // --- What is shown -------------------------------------------------------------------------
    show() {
      this.find("drop").hidden = true;
      this.find("moving").hidden = false;
      this.find("pause").focus();
    }

    problem(text) {
      this.find("problem").hidden = !text;
      this.find("problem-text").textContent = text;
      this.find("anew-row").hidden = true;
      if (text) say(text);
    }

    phase(text) {
      this.find("phase").textContent = text;
    }

    paint() {
      const total = this.file.size;
      this.find("bar").value = this.offset / total;
      this.find("share").textContent = Math.floor((this.offset / total) * 100) + " %";
      this.find("sent").textContent = size(this.offset) + " of " + size(total);
      const now = performance.now() / 1000;
      this.marks.push([now, this.offset]);
      if (this.marks.length > 12) this.marks.shift();
      const [then, before] = this.marks[0];
      if (now - then < 0.5) return;
      const speed = (this.offset - before) / (now - then);
      this.find("speed").textContent = size(speed) + "/s";
      this.find("left").textContent = duration((total - this.offset) / speed);
    }
  }

  let chosen = null;

  function begin(area, file, anew) {
    if (!file || running) return;
    chosen = file;
    const sending = new Sending(area, file);
    if (!file.size || file.size > Number(area.dataset.max)) {
      sending.problem(
        file.size
          ? "This file has " + size(file.size) + "; at most " + size(Number(area.dataset.max)) + " are taken."
          : "This file is empty.",
      );
      return;
    }
    running = sending;
    sending.run(Boolean(anew));
  }

  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-file]")) return;
    begin(event.target.closest("[data-upload]"), event.target.files[0]);
  });

  document.addEventListener("click", function (event) {
    const area = event.target.closest("[data-upload]");
    if (!area) return;
    if (event.target.closest("[data-pause]") && running) running.pause();
    if (event.target.closest("[data-anew]")) begin(area, chosen, true);
  });

  function dropIn(event) {
    return event.target.closest ? event.target.closest("[data-drop]") : null;
  }

  ["dragenter", "dragover"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      const drop = dropIn(event);
      if (!drop) return;
      event.preventDefault();
      drop.classList.add("is-over");
    });
  });

  document.addEventListener("dragleave", function (event) {
    const drop = dropIn(event);
    if (drop && !drop.contains(event.relatedTarget)) drop.classList.remove("is-over");
  });

  document.addEventListener("drop", function (event) {
    const drop = dropIn(event);
    if (!drop) return;
    event.preventDefault();
    drop.classList.remove("is-over");
    begin(drop.closest("[data-upload]"), event.dataTransfer.files[0]);
  });

  window.addEventListener("beforeunload", function (event) {
    if (running && !running.isPaused) event.preventDefault();
  });
})();
