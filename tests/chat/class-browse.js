"use strict";
// A class that browses a capture: the teacher filters, shows a packet, asks about it; a phone answers. Prints what they
// saw as one JSON object.
//   node class-browse.js STUDENT_URL STAGE_URL TEACH_URL [FOLDER for pictures]
const { PHONE, SCREEN, pages } = require("./pages.js");

const [student, stageUrl, teachUrl, pictures] = process.argv.slice(2);
const seen = {};
(async () => {
  const { open, picture, text, until, heading, end } = await pages(seen, pictures);
  const teacher = await open(teachUrl, SCREEN), stage = await open(stageUrl, SCREEN), phone = await open(student, PHONE, { colorScheme: "dark" });
  // The room code is typed by keyboard alone: a wrong one first.
  for (const code of ["tulip-8", "tulip-7"]) {
    await phone.waitForSelector("#code");
    for (let i = 0; i < 9 && !(await phone.evaluate(() => document.activeElement?.id === "code")); i++) await phone.keyboard.press("Tab");
    await phone.keyboard.type(code);
    const before = await phone.evaluateHandle(() => document.querySelector("#code"));
    await phone.keyboard.press("Enter");
    await until(phone, (form) => !form.isConnected, before);
    if (code === "tulip-8") {
      await phone.waitForSelector("[role=alert]");
      seen.refused = await text(phone, "[role=alert]");
      await picture(phone, "8-phone-code");
    }
  }
  await heading(phone, "You are ");
  await teacher.waitForSelector(".browser tbody tr");
  const rows = () => teacher.evaluate(() => document.querySelectorAll(".browser tbody tr").length);
  seen.all = await rows();
  await picture(teacher, "8-console-list");
  // A filter that is wrong leaves the list as it was, and says why.
  await teacher.fill("#filter", "tcp.flags.sin == 1");
  await until(teacher, () => document.querySelector(".browser .note").textContent);
  seen.wrong = { why: await text(teacher, ".browser .note"), rows: await rows() };
  await teacher.fill("#filter", "tcp.flags.syn == 1 && tcp.flags.ack == 0");
  await until(teacher, (all) => document.querySelectorAll(".browser tbody tr").length < all, seen.all);
  seen.syn = await rows();
  await teacher.click(".browser button:has-text('Show')");
  await stage.waitForSelector(".layers");
  seen.shown = await text(stage, "main");
  await picture(stage, "8-stage-packet");
  await picture(phone, "8-phone-packet");
  seen.asks = await teacher.evaluate(() => [...document.querySelectorAll(".browser tr:first-child button")].map((b) => b.textContent));
  await teacher.click(".browser button:has-text('Ask: layer')");
  await stage.waitForSelector(".question");
  await until(teacher, () => document.querySelector("#button0").textContent === "Ask: let them vote");
  seen.asked = await text(stage, "main");
  await teacher.click("#button0");
  await heading(phone, "Predict");
  await picture(stage, "8-stage-asked");
  await picture(phone, "8-phone-asked");
  await picture(teacher, "8-console-asked");
  await phone.waitForSelector("osi-answers input");
  if (await phone.evaluate(() => Boolean(document.querySelector(".choice")))) await phone.click(".choice");
  else await phone.fill("osi-answers input", "S");
  await phone.click("text=\"I'm sure\"");
  await until(phone, () => document.querySelector(".note").textContent.startsWith("Your answer is in"));
  await until(teacher, () => document.querySelector("#button0").textContent === "Close the vote");
  await teacher.click("#button0");
  await teacher.click("#do-reveal, .buttons button:has-text('Show the answer')");
  await stage.waitForSelector(".reveal");
  seen.reveal = await text(stage, "main");
  await picture(stage, "8-stage-reveal");
  await picture(phone, "8-phone-reveal");
  await end();
})().catch((error) => {
  console.error(error, seen);
  process.exit(1);
});
