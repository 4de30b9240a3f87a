// <osi-trace src="#l=handshake&p=5"></osi-trace>: one step of osi-tutor in any page. `src` is an address of the playground;
// one that begins with # belongs to the playground that this script comes from.
const site = new URL("index.html", import.meta.url);

class OsiTrace extends HTMLElement {
  static observedAttributes = ["src"];

  connectedCallback() {
    this.frame = document.createElement("iframe");
    this.frame.title = this.getAttribute("title") ?? "A step of osi-tutor";
    this.frame.loading = "lazy";
    Object.assign(this.frame.style, { inlineSize: "100%", blockSize: "30rem", border: "0" });
    this.style.display = "block";
    this.replaceChildren(this.frame);
    this.hear = ({ source, data }) => {
      const height = Number(data?.osiTrace);
      if (source === this.frame.contentWindow && height > 0 && height < 20_000) this.frame.style.blockSize = `${height}px`;
    };
    addEventListener("message", this.hear);
    this.load();
  }

  disconnectedCallback() {
    removeEventListener("message", this.hear);
  }

  attributeChangedCallback() {
    if (this.frame) this.load();
  }

  load() {
    const url = new URL(this.getAttribute("src") ?? "#", site);
    // Only pages: an address with a script in it is none.
    if (!["http:", "https:", "file:"].includes(url.protocol)) return;
    url.searchParams.set("embed", "");
    this.frame.src = url.href;
  }
}
customElements.define("osi-trace", OsiTrace);
