"use strict";
// Two people in a real browser on the page of a running osi-tutor chat. Prints what they see as one JSON object.
//   node page.js URL TRANSPORT [FOLDER for pictures]
const { PHONE, SCREEN, pages } = require("./pages.js");

const [url, transport, pictures] = process.argv.slice(2);
const seen = {};
(async () => {
  const { open, picture: look, end } = await pages(seen, pictures);
  // It looks alike on every transport.
  const picture = transport === "upgrade" ? look : async () => {};
  const enter = async (name, size, options) => {
    const page = await open(url, size, options);
    if (name === "Ada") await picture(page, "9-chat-join");
    await page.fill("#name", name);
    if (transport !== "none") await page.selectOption("#transport", transport);
    await page.click("#join button");
    await page.waitForFunction(() => document.querySelector("#here").textContent.includes("(you)"));
    return page;
  };
  const say = async (page, text) => {
    await page.fill("#text", text);
    await page.press("#text", "Enter");
  };
  const ada = await enter("Ada", SCREEN);
  const bob = await enter("<img src=x onerror=alert(1)>", PHONE, { colorScheme: "dark" });
  if (transport === "upgrade") {
    for (const page of [ada, bob]) await page.waitForFunction(() => document.querySelector("#state").textContent.includes("after an upgrade"));
  }
  await say(bob, "<b>Hello</b> Ada");
  await ada.waitForSelector(".theirs");
  await say(ada, "Hello! This went over the wire.");
  await ada.waitForFunction(() => document.querySelector(".mine .spread")?.textContent);
  await ada.waitForFunction(() => document.querySelectorAll("#packets li").length > 3);
  // The capture may come after the event itself.
  if (await ada.evaluate(async () => (await import("/chat.js")).packets.captured)) {
    await ada.waitForFunction(() => document.querySelector(".mine .spread").textContent.includes("2 frames"));
  }
  // Packets of several connections come in the order in which the server took their requests: the message may be the last.
  await ada.waitForFunction(() => [...document.querySelectorAll("#packets .line")].some((line) => /say|Hello! This went/.test(line.textContent)));
  await picture(ada, "9-chat-talk");
  await picture(bob, "9-chat-talk-phone");
  // Peel the own message, down to the end.
  await ada.click(".mine .bubble");
  const peeled = [];
  for (let i = 0; i < 20; i++) {
    const now = await ada.evaluate(() => ({
      title: document.querySelector("#steps .now button").textContent,
      lit: document.querySelectorAll("#dump .hex .own").length,
      text: [...document.querySelectorAll("#dump .text .own")].map((s) => s.textContent).join(""),
    }));
    if (i > 0 && now.title === peeled[i - 1].title) break;
    peeled.push(now);
    if (i === 3) await picture(ada, "9-chat-peel");
    await ada.keyboard.press("ArrowDown");
  }
  await ada.keyboard.press("Escape");
  seen.focus = await ada.evaluate(() => document.activeElement?.className);
  await bob.click("#packets button");
  await picture(bob, "9-chat-peel-phone");
  await bob.keyboard.press("Escape");
  await bob.setViewportSize({ width: 320, height: 640 });
  await picture(bob, "9-chat-320");
  Object.assign(seen, await ada.evaluate(async () => ({
    here: document.querySelector("#here").textContent,
    state: document.querySelector("#state").textContent,
    source: document.querySelector("#source").textContent,
    theirs: document.querySelector(".theirs .words").textContent,
    mine: document.querySelector(".mine .words").textContent,
    spread: document.querySelector(".mine .spread").textContent,
    packets: [...document.querySelectorAll("#packets .line")].map((l) => l.textContent),
    // The sids that each packet names: all of them must be our own.
    sids: [...new Set((await import("/chat.js")).packets.entries.flatMap((e) => {
      const text = (e.hex.match(/../g) ?? []).map((two) => String.fromCharCode(parseInt(two, 16))).join("");
      return [...text.matchAll(/sid(?:=|":")([\w-]{16})/g)].map((m) => m[1]);
    }))],
    markup: document.querySelectorAll("#messages img, #messages b, #here img").length,
  })));
  await bob.click("#hangup");
  await ada.waitForFunction(() => [...document.querySelectorAll(".remark")].some((n) => n.textContent.includes("left")));
  await bob.waitForFunction(() => document.querySelector("#state").textContent === "not connected");
  await bob.click("#hangup");
  await bob.waitForFunction(() => document.querySelector("#here").textContent.includes("(you)"));
  const again = await bob.evaluate(() => [...document.querySelectorAll(".words")].map((w) => w.textContent));
  // What the page says of its own packets, where there is no capture.
  const own = await bob.evaluate(async () => {
    const { packets } = await import("/chat.js");
    packets.captured = false;
    packets.seen({ up: true, via: "a test", text: "42[\"say\",\"\u202eevil\u0007\"]" });
    return packets.entries.at(-1).line;
  });
  Object.assign(seen, { peeled, again, own });
  await end();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
