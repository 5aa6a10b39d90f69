// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BN254, G1} from "../../contracts/libraries/BN254.sol";

contract BN254Symbolic {
    using BN254 for G1;

    function check_negate_ofACanonicalPoint_isCanonical(uint256 x, uint256 y) public pure {
        require(x < BN254.Q && y < BN254.Q);
        G1 memory negative = G1(x, y).negate();
        assert(negative.x == x && negative.y < BN254.Q);
        assert((y + negative.y) % BN254.Q == 0);
    }

    function check_negate_twice_isThePoint(uint256 x, uint256 y) public pure {
        require(x < BN254.Q && y < BN254.Q);
        assert(G1(x, y).negate().negate().equals(G1(x, y)));
    }

    function check_isPoint_isNothingThatIsNotCanonical(uint256 x, uint256 y) public pure {
        require(x >= BN254.Q || y >= BN254.Q);
        assert(!G1(x, y).isPoint());
    }

    function check_isPoint_isNotTheIdentity() public pure {
        assert(!G1(0, 0).isPoint());
        assert(BN254.generator().isPoint());
    }
}
