// <osi-trace src="#l=handshake&p=5"></osi-trace>: one step of osi-tutor in any page. `src` is an address of the playground;
// one that begins with # belongs to the playground that this script comes from.
const site = new URL("index.html", import.meta.url);

class OsiTrace extends HTMLElement {
  static observedAttributes = ["src"];
  /** @type {HTMLIFrameElement | null} */
  frame = null;
  /** The step says how tall it is. */
  hear = (/** @type {MessageEvent} */ { source, data }) => {
    const height = Number(data?.osiTrace);
    if (this.frame && source === this.frame.contentWindow && height > 0 && height < 20_000) this.frame.style.blockSize = `${height}px`;
  };

  connectedCallback() {
    const frame = this.frame = document.createElement("iframe");
    frame.title = this.getAttribute("title") ?? "A step of osi-tutor";
    frame.loading = "lazy";
    Object.assign(frame.style, { inlineSize: "100%", blockSize: "30rem", border: "0" });
    this.style.display = "block";
    this.replaceChildren(frame);
    addEventListener("message", this.hear);
    this.load();
  }

  disconnectedCallback() {
    removeEventListener("message", this.hear);
  }

  attributeChangedCallback() {
    this.load();
  }

  load() {
    const url = new URL(this.getAttribute("src") ?? "#", site);
    // Only pages: an address with a script in it is none.
    if (!["http:", "https:", "file:"].includes(url.protocol)) return;
    url.searchParams.set("embed", "");
    if (this.frame) this.frame.src = url.href;
  }
}
customElements.define("osi-trace", OsiTrace);
