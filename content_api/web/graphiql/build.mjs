// Builds ../static/graphiql.{js,css,html,licences.txt}; `node build.mjs FOLDER` builds somewhere else, for the test
// that compares. The same lock file gives the same bytes on every machine.
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = resolve(process.argv[2] ?? join(here, "../static"));

const withoutFonts = {
  name: "without-embedded-fonts",
  setup(builder) {
    builder.onLoad({ filter: /graphiql[\\/]dist[\\/]style\.css$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replace(/@font-face\s*{[^}]*}/g, ""),
      loader: "css",
    }));
  },
};

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { graphiql: "main.js" },
  outdir: target,
  bundle: true,
  minify: true,
  keepNames: true, // GraphiQL names its icons, for those who hear the page, after their functions
  format: "iife",
  target: "es2022",
  loader: { ".graphql": "text" },
  define: { "process.env.NODE_ENV": '"production"' },
  // The toolkit loads it only for subscriptions over a WebSocket, which this page is not told about.
  external: ["graphql-ws"],
  legalComments: "none", // all notices are in graphiql.licences.txt
  charset: "utf8",
  metafile: true,
  plugins: [withoutFonts],
});

await mkdir(target, { recursive: true });
await cp(join(here, "graphiql.html"), join(target, "graphiql.html"));
await writeFile(join(target, "graphiql.licences.txt"), await notices(bundledPackages(metafile)));

function bundledPackages({ inputs }) {
  const folders = Object.keys(inputs)
    .map((path) => path.match(/^(?:[^:]*:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1])
    .filter(Boolean);
  return [...new Set(folders)].sort();
}

async function notices(folders) {
  const parts = ["graphiql.js and graphiql.css contain the packages below, each under the licence printed with it.\n"];
  for (const folder of folders) {
    const packageFile = JSON.parse(await readFile(join(here, folder, "package.json"), "utf8"));
    const { name, version, license } = packageFile;
    parts.push(`${"-".repeat(100)}\n${name} ${version} (${license})\n\n${await licenceText(folder, packageFile)}\n`);
  }
  return parts.join("\n");
}

async function licenceText(folder, packageFile) {
  const files = (await readdir(join(here, folder))).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  if (files.length === 0) return await licenceOfPackageWithoutCopy(packageFile);
  const texts = await Promise.all(files.map((file) => readFile(join(here, folder, file), "utf8")));
  return `${texts.map((text) => text.replace(/\r\n/g, "\n").trim()).join("\n\n")}\n`;
}

// A few packages name their licence without shipping its text, which MIT wants kept with every copy.
async function licenceOfPackageWithoutCopy({ name, license, author }) {
  if (license !== "MIT") throw new Error(`${name} ships no text of its licence ${license}: add one to build.mjs`);
  const holder = (author?.name ?? author ?? `the authors of ${name}`).replace(/\s*<[^>]*>/, "");
  return (await readFile(join(here, "mit.txt"), "utf8")).replace("{holder}", holder);
}
