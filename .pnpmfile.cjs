/**
 * Programs that these packages can be accompanied by and work without: Prisma's command line and the compiler. Left in, they and what they bring along
 * would be half of what the images hold, and nothing would run them there.
 */
const NOT_NEEDED = { "@prisma/client": ["prisma", "typescript"], valibot: ["typescript"] };

module.exports = {
  hooks: {
    readPackage(manifest) {
      for (const name of NOT_NEEDED[manifest.name] ?? []) {
        delete manifest.peerDependencies?.[name];
        delete manifest.peerDependenciesMeta?.[name];
      }
      return manifest;
    },
  },
};
