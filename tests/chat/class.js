"use strict";
// A class in real browsers: phones, the stage and the console of a running osi-tutor class handshake. Prints what they
// saw as one JSON object.
//   node class.js STUDENT_URL STAGE_URL TEACH_URL [FOLDER for pictures]
const { PHONE, SCREEN, pages } = require("./pages.js");

const [student, stageUrl, teachUrl, pictures] = process.argv.slice(2);
const seen = { early: [] };
(async () => {
  const { open, picture, text, until, heading, end } = await pages(seen, pictures);
  const phase = (wanted) => until(teacher, (w) => document.querySelector("#place")?.textContent.includes(w), wanted);
  const press = async (n, wanted) => {
    await until(teacher, ([n, w]) => document.querySelector(`#button${n}`)?.textContent === w, [n, wanted]);
    await teacher.click(`#button${n}`);
  };

  let teacher = await open(teachUrl, SCREEN);
  await until(teacher, () => document.querySelector("#button0"));
  seen.bar = await teacher.evaluate(() => location.href);
  const stage = await open(stageUrl, SCREEN);
  await stage.waitForSelector(".qr, .address");
  await picture(stage, "1-stage-lobby");
  await picture(teacher, "1-console-lobby");
  const phones = [];
  for (const scheme of ["light", "dark", "light"]) phones.push(await open(student, PHONE, { colorScheme: scheme }));
  for (const phone of phones) await heading(phone, "You are ");
  seen.names = await Promise.all(phones.map((phone) => text(phone, "main h2")));
  await until(stage, () => document.querySelector(".tally").textContent === "3 here");
  await picture(phones[0], "1-phone-lobby");

  // On to the first question.
  await press(0, "Begin");
  for (let slide = 0; slide < 6; slide++) {
    await phase("look");
    if ((await text(teacher, "#button0")).startsWith("Ask")) break;
    if (slide === 0) await picture(stage, "2-stage-look"), await picture(phones[0], "2-phone-look");
    const at = await text(teacher, "#place");
    await press(0, "Next slide");
    await until(teacher, (at) => document.querySelector("#place").textContent !== at, at);
  }
  await press(0, "Ask: let them vote");
  for (const phone of phones) await heading(phone, "Predict");
  // Which is right, the console knows.
  const answer = (await text(teacher, ".answer")).replace("Right: ", "");
  const texts = await phones[0].evaluate(() => [...document.querySelectorAll(".choice")].map((c) => c.textContent));
  const right = texts.indexOf(answer) + 1, wrong = right === 3 ? 2 : 3, other = 6 - right - wrong;
  // One plays by keyboard alone: unsure of one wrong answer, then sure of another. One changes a wrong answer with a finger; the
  // third is right.
  const keyboard = phones[0];
  const tab = async (page, there, back = false) => {
    for (let i = 0; i < 40 && !(await page.evaluate(there)); i++) await page.keyboard.press(back ? "Shift+Tab" : "Tab");
  };
  const focus = () => keyboard.evaluate(() => document.activeElement.tagName);
  const taken = (phone) => until(phone, () => document.querySelector(".note").textContent.startsWith("Your answer is in"));
  const type = async (n, sure) => {
    await tab(keyboard, () => document.activeElement?.matches("input[type=radio]"), true);
    for (let i = 0; i < 9 && (i === 0 || !(await keyboard.evaluate((n) => document.querySelector(`.choice:nth-of-type(${n}) :checked`), n))); i++) await keyboard.keyboard.press("ArrowDown");
    await tab(keyboard, sure ? () => document.activeElement?.textContent === "I'm sure" : () => document.activeElement?.textContent === "I'm not sure");
    await keyboard.keyboard.press("Enter");
    await until(keyboard, (n) => document.querySelector(".note").textContent.includes(document.querySelector(`.choice:nth-of-type(${n})`).textContent), n);
    return text(keyboard, ".note");
  };
  seen.keyboard = { focus: [await focus()] };
  seen.keyboard.first = await type(other, false);
  seen.keyboard.changed = await type(wrong, true);
  const choose = async (phone, n, button) => {
    await phone.click(`.choice:nth-of-type(${n})`);
    await phone.click(`text="${button}"`);
    await taken(phone);
  };
  await picture(phones[1], "3-phone-vote");
  await choose(phones[1], wrong, "I'm not sure");
  await choose(phones[1], other, "I'm not sure");
  await until(stage, () => document.querySelector(".tally").textContent === "2 of 3 answered");
  await choose(phones[2], right, "I'm sure");
  await until(stage, () => document.querySelector(".tally").textContent === "3 of 3 answered");
  seen.early.push(await text(stage, "main"), await text(phones[0], "main"));
  seen.bars = await stage.evaluate(() => document.querySelectorAll(".bars").length);
  await until(teacher, () => document.querySelectorAll(".bars tbody tr").length > 1);
  await picture(stage, "3-stage-vote");
  await picture(phones[0], "3-phone-voted");
  await press(0, "Close the vote");
  await phase("closed");
  await until(teacher, () => document.querySelector(".advice"));
  seen.advice = await text(teacher, ".advice");
  seen.held = await text(teacher, ".held");
  seen.notes = await teacher.evaluate(() => [".notes", ".timer", ".next"].map((s) => document.querySelector(s)?.textContent ?? ""));
  seen.leaked = await Promise.all([stage, ...phones].map(async (page) => (await text(page, "body")).includes(await text(teacher, ".notes li"))));
  await picture(teacher, "4-console-closed");
  await teacher.click("#do-discuss, #button0:has-text('discuss')");
  for (const phone of phones) await heading(phone, "Talk");
  await picture(phones[1], "4-phone-discuss");
  await picture(stage, "4-stage-discuss");
  await press(0, "Vote again");
  for (const phone of phones) await heading(phone, "Vote again");
  // A phone that loses its page comes back as the same member, and finds what it said.
  await phones[0].reload();
  await heading(phones[0], "Vote again");
  seen.back = await text(phones[0], "#place");
  for (const phone of phones) await choose(phone, phone === phones[1] ? wrong : right, "I'm sure");
  await press(0, "Close the vote");
  await press(0, "Show the answer");
  await heading(phones[0], "You were right");
  await heading(phones[1], "Your answer wasn't right");
  await stage.waitForSelector(".reveal");
  seen.keyboard.focus.push(await focus());
  await tab(keyboard, () => document.activeElement?.tagName === "SUMMARY" && document.activeElement.textContent === "Layer by layer");
  await keyboard.keyboard.press("Enter");
  seen.keyboard.read = await keyboard.evaluate(() => document.querySelector("details[open]")?.innerText ?? "");
  seen.reveal = { stage: await text(stage, ".reveal"), origin: await text(stage, ".origin"), wrong: await text(phones[1], "main") };
  await picture(stage, "5-stage-reveal");
  await picture(phones[1], "5-phone-wrong");
  await picture(phones[0], "5-phone-right");
  await picture(teacher, "5-console-reveal");

  // Each phone's vote as it crossed the wire, and a volunteer's on the stage.
  if (await phones[1].$(".wire summary")) {
    await phones[1].click(".wire summary");
    await phones[1].waitForSelector(".wire .crossing");
    seen.crossed = await text(phones[1], ".wire");
    await phones[1].click("text=\"Its bytes\"");
    await picture(phones[1], "5-phone-wire");
    await phones[1].click("text=\"Show it on the stage\"");
    await stage.waitForSelector(".volunteered .layers");
    seen.volunteered = await text(stage, ".volunteered");
    await picture(stage, "5-stage-wire");
  }

  // Through the rest by the large button: each kind of question, each what-if, to the board.
  const forms = new Set();
  for (let i = 0; i < 200; i++) {
    const { label, place } = await teacher.evaluate(() => ({
      label: document.querySelector("#button0")?.textContent, place: document.querySelector("#place").textContent }));
    if (label === "End the class") break;
    if (label === "Close the vote") {
      await phones[0].waitForSelector("osi-answers");
      const form = await phones[0].evaluate(() => ["radio", "text", "number"].map((t) => document.querySelector(`osi-answers input[type=${t}]`) && t).find(Boolean)
        ?? (document.querySelector("osi-answers .order") ? "order" : document.querySelector("osi-answers .bytes") ? "bytes" : document.querySelector("osi-answers input") ? "typed" : "none"));
      if (!forms.has(form)) {
        forms.add(form);
        await picture(phones[0], `6-phone-${form}`);
        await picture(stage, `6-stage-${form}`);
        if (form === "typed") await phones[0].fill("osi-answers input", "12345");
        if (form === "bytes") {
          await phones[0].click(".bytes button:nth-child(37)");
          await phones[0].click(".bytes button:nth-child(38)");
        }
        if (form === "order") await phones[0].click(".order li:nth-child(2) button");
        if (form === "radio") {
          await phones[0].click(".choice");
          // Hands count beside phones, and nothing that is typed gets lost while votes come in.
          await teacher.click(".hands summary");
          await teacher.fill(".hands input", "");
          await teacher.type(".hands input", "7", { delay: 300 });
          await teacher.click(".hands button");
          await until(teacher, () => document.querySelector(".shares")?.textContent.includes(" of 7 "));
          seen.hands = await text(teacher, ".shares");
        }
        await phones[0].click("text=\"I'm sure\"");
        await taken(phones[0]);
        await picture(phones[0], `6-phone-${form}-voted`);
      }
    }
    if (!seen.transfer && await text(teacher, "#button1") === "Ask it on other packets") {
      // The same question on another seed's packets, once.
      const before = await text(stage, ".question h2");
      await teacher.click("#button1");
      await stage.waitForSelector(".transfer");
      seen.transfer = { before, again: await text(stage, ".question h2"), place: [place, await text(teacher, "#place")] };
      await picture(stage, "6-stage-transfer");
      await picture(phones[0], "6-phone-transfer");
      continue;
    }
    await teacher.click("#button0");
    await until(teacher, ([label, place]) => document.querySelector("#button0")?.textContent !== label || document.querySelector("#place").textContent !== place, [label, place]).catch((e) => { throw new Error(`${label} at ${place} changes nothing`, { cause: e }); });
    if (label === "Run the what-if" && !seen.broken) {
      await heading(phones[0], "What happens");
      await stage.waitForFunction(() => document.body.dataset.phase === "what-if");
      seen.broken = await text(stage, "main");
      await picture(stage, "6-stage-what-if");
      await picture(phones[0], "6-phone-what-if");
    }
  }
  seen.forms = [...forms];
  await heading(phones[0], "What we believed");
  seen.board = await text(stage, ".board");
  await picture(stage, "7-stage-board");
  await picture(phones[0], "7-phone-board");
  await picture(teacher, "7-console-board");
  await end();
})().catch((error) => {
  console.error(error, seen);
  process.exit(1);
});
