"use strict";
// What `osi-tutor play` serves, and files that `osi-tutor export html` wrote, each opened from the disk without a network.
//   node site.js URL FILE…
const { SCREEN, pages } = require("./pages.js");
const { pathToFileURL } = require("url");

const [url, ...files] = process.argv.slice(2);
const seen = { files: [], images: 0 };
(async () => {
  const { text, end, open } = await pages(seen);
  const page = await open(url, SCREEN);
  await page.waitForSelector(".course a");
  const heading = await text(page, "main h2");
  await page.goto(`${url}/example.html`);
  await page.frameLocator("osi-trace iframe").first().locator(".lesson h2").waitFor();
  seen.served = { heading, step: true };

  const counted = (one) => one.waitForFunction(() => { const now = document.querySelector(".counted")?.textContent ?? ""; return document.querySelector(".lesson h2") || (now && !now.includes("reading on")); });
  for (const file of files) {
    const one = await open(pathToFileURL(file).href, SCREEN, { offline: true });
    await counted(one);
    const now = { hash: await one.evaluate(() => location.hash), heading: await text(one, "main h2"), counted: await text(one, ".counted"), origin: await text(one, ".origin") };
    seen.images += await one.evaluate(() => document.querySelectorAll("img[src=x]").length);
    await one.reload();
    await counted(one);
    seen.files.push({ ...now, again: await text(one, ".counted") });
  }
  await end();
})().catch((error) => {
  process.stderr.write(`${error.stack}\nso far: ${JSON.stringify(seen)}\n`);
  process.exit(1);
});
