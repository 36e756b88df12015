/* Proof of work for Signet: requestProofOfWork … (written by the page's author below). */
