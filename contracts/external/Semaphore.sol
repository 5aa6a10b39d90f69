// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// What is deployed of Semaphore (npm's @semaphore-protocol/contracts), so that it is compiled with ours.
// forgefmt: disable-start
import {Semaphore} from "@semaphore-protocol/contracts/Semaphore.sol";
import {SemaphoreVerifier} from "@semaphore-protocol/contracts/base/SemaphoreVerifier.sol";
// forgefmt: disable-end
