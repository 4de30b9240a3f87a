# nix run .# -- explain handshake
# Without the playground: it needs Rust's library for WebAssembly, which nixpkgs' compiler lacks.
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs =
    { self, nixpkgs }:
    let
      about = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).package;
      each = nixpkgs.lib.genAttrs [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      package =
        pkgs:
        pkgs.rustPlatform.buildRustPackage {
          pname = about.name;
          inherit (about) version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          # The tests want tshark, Node, Chromium and a network namespace.
          doCheck = false;
          nativeBuildInputs = [ pkgs.installShellFiles ];
          postInstall = ''
            $out/bin/osi-tutor man > osi-tutor.1
            installManPage osi-tutor.1
            for shell in bash zsh fish; do $out/bin/osi-tutor completions $shell > osi-tutor.$shell; done
            installShellCompletion osi-tutor.{bash,zsh,fish}
          '';
          meta = {
            inherit (about) description;
            license = with pkgs.lib.licenses; [ mit asl20 ];
            mainProgram = about.name;
          };
        };
    in
    {
      packages = each (system: { default = package nixpkgs.legacyPackages.${system}; });
    };
}
