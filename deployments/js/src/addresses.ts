// Where the contracts stand, by chain id. Generated from deployments/addresses.json by `make abi`.

export const addresses = {
  31337: {
    startBlock: 1,
    contracts: {
      Attestations: "0x8A791620dd6260079BF849Dc5567aDC3F2FdC318",
      ChallengeManager: "0x0165878A594ca255338adfa4d48449f69242Eb8F",
      GroupAdmission: "0x0B306BF915C4d645ff596e518fAf3F9669b97016",
      GroupAdmissions: "0x959922bE3CAee4b8Cd9a407cc3ac1C251C2007B1",
      Inferences: "0x610178dA211FEF7D417bC0e6FeD39F05609AD788",
      Lens: "0x9A9f2CCfdE556A7E9Ff0848998Aa4a0CFD8863AE",
      ModelRegistry: "0x5FC8d32690cc91D4c39d9d3abcBD16989F875707",
      Openings: "0xa513E6E4b8f2a923D98304ec87F64353C4D5C853",
      Pools: "0xB7f8BC63BbcaD18155201308C8f3540b07f84F5e",
      PoseidonT3: "0xA51c1fc2f0D1a1b8494Ed1FE312d7C3a78Ed91C0",
      ProofManager: "0x2279B7A0a67DB372996a5FaB50D91eAA73d2eBe6",
      RewardManager: "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9",
      RoundManager: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
      Semaphore: "0x9A676e781A523b5d0C0e43731313A708CB607508",
      SemaphoreVerifier: "0x0DCd1Bf9A1b36cE34237eEaFef220932846BCD82",
      StakeManager: "0xDc64a140Aa3E981100a9becA4E685f962f0cF6C9",
      TaskManager: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
      TrainerRegistry: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
    },
  },
} as const;
